"""Keys that were only hit are told from words, of whatever language."""

from __future__ import annotations

import pytest

from crsdemo.core.catalog import Catalog
from crsdemo.core.shipped import CATALOG
from crsdemo.language.mash import is_mash

MASHED = """
asdf
asdf jklö
asdkjh qwpoe zzz
jkhgkjh
sdfsdf sdfsdf
qwerty
zxcvbnm,.
ASDFGHJKL
fghfgh fgh fgh
lkjlkj!!
wqeqwe
dfkgjhdfkg
""".strip().splitlines()
WORDS = """
hi
hmmmmm
pfff
aaaaaaa
brrr
flask
rhythm
Schlachtfeld
Angstfilm
un western s'il te plaît
zeg, iets grappigs
coś śmiesznego
хоррор
ужастик
侍
xoxo
something asdf
lol asdf
John Wyck
Kieslowski
psst
idk tbh
Nosferatu
Zbigniew
1999
???
""".strip().splitlines()


@pytest.mark.parametrize("text", MASHED)
def test_keys_that_were_only_hit_are_no_words(text: str) -> None:
    assert is_mash(text)


@pytest.mark.parametrize("text", WORDS)
def test_words_are_words(text: str) -> None:
    assert not is_mash(text)


def test_hardly_a_title_or_a_name_of_the_catalog_looks_so() -> None:
    catalog = Catalog.load(CATALOG)
    said = {name for item in catalog for name in (item.title, *item.people)}
    mashed = sorted(name for name in said if is_mash(name))
    assert len(mashed) < len(said) / 2000, mashed
