"""Which word a typo means."""

from __future__ import annotations

import pytest

from crsdemo.language.typed_words import Speller


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("triller", "thriller"),  # not the name that is as near
        ("anmie", "anime"),
        ("tarantinno", "tarantino"),
        ("suprise", None),  # as near to an ordinary word
        ("vampiers", "vampires"),  # a common word, and the plural of one that is listened for
        ("dunno", None),
        ("soppy", None),
    ],
)
def test_a_typo_is_mended_to_a_name_only_if_no_other_word_is_as_near(
    typed: str, meant: str | None
) -> None:
    names = ("tiller", "armie", "tarantino", "sunrise", "dunne", "sippy")
    speller = Speller({"thriller": 9, "anime": 1, "vampire": 1}, dict.fromkeys(names, 99))
    assert speller.mend([typed]).get(typed) == meant
