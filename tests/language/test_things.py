"""What a message names, apart from how a wish is put."""

import pytest

from crsdemo.language.things import things


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("can you recommend me a good film, please?", set()),
        ("a film with rats that cook", {"rats", "cook"}),
        ("Rats! RATS! rats", {"rats"}),
        ("", set()),
        ("42 is 7", set()),
        ("los niños perdidos", {"los", "niños", "perdidos"}),
    ],
)
def test_things_are_named(words: str, named: set[str]) -> None:
    assert things(words) == named
