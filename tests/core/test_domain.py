"""The words for the items of a catalog come from a file beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.domain import FILE, NEUTRAL, Domain, domain_file, read_domain, ready_made
from crsdemo.core.errors import BadInputError, CatalogError
from crsdemo.core.shipped import CATALOG

EMMA = Item("e", "Emma", 1815, {"authors": ("Jane Austen",), "editors": ("Bo Ray",)})
MINE = """
item = "opera"
items = "operas"
use = "hear"
used = "heard"
prompt = "Which one?"
starters = ["A short one"]
[[makers]]
field = "editors"
roles = ["editor"]
says = "edited by"
"""


def saved(folder: Path, domain: str = "") -> Path:
    Catalog((EMMA,)).save(folder)
    if domain:
        (folder / FILE).write_text(domain)
    return folder


def test_four_domains_are_ready_made_and_the_shipped_catalog_has_that_of_films() -> None:
    assert set(ready_made()) == {"film", "book", "song", "game"}
    assert (CATALOG / FILE).read_text() == domain_file("film").read_text()


@pytest.mark.parametrize("name", ["book", "song", "game"])
def test_other_domains_do_not_speak_of_films(name: str) -> None:
    text = domain_file(name).read_text()
    assert not [word for word in ("film", "movie", "watch", "direct", "cast") if word in text]


def test_without_the_file_the_words_are_neutral(tmp_path: Path) -> None:
    catalog = Catalog.load(saved(tmp_path))
    assert catalog.domain == NEUTRAL and catalog.domain.count(1) == "1 item"
    assert catalog.items[0].people == ("Jane Austen",)  # a well-known name of makers


def test_the_file_names_the_items_and_their_makers(tmp_path: Path) -> None:
    catalog = Catalog.load(saved(tmp_path, MINE))
    assert catalog.items[0].people == ("Bo Ray",)
    assert catalog.domain.count(1200) == "1,200 operas" and catalog.domain.an_item == "an opera"


MAKER = '[[makers]]\nfield = "x"\nroles = ["y"]\nsays = "by"'


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('item = ""', "`item` is ''"),
        ("item = 3", "`item` is 3"),
        ('itms = "x"', "no such key is known here"),
        ('[[makers]]\nfield = "x"\nroles = []\nsays = "by"', "name one or more"),
        ('[[makers]]\nfield = "x"\nroles = ["y"]\nsays = "by"\nasked = ["("]', "no regular expr"),
        (f"{MAKER}\nasked = ['(?i)who sang']", "no regular expr"),  # it stands within another
        (f"{MAKER}\nasked = ['(?P<a>x)', '(?P<a>y)']", "no regular expr"),  # joined, not alone
    ],
)
def test_what_is_wrong_in_the_file_is_said_with_its_line(
    tmp_path: Path, wrong: str, said: str
) -> None:
    key = wrong.split(" = ")[0]
    lines = MINE.replace('item = "opera"\n', "") if key == "item" else MINE
    text = f"{wrong}\n{lines}" if not wrong.startswith("[[") else f"{lines}\n{wrong}"
    with pytest.raises(CatalogError, match="line") as refused:
        Catalog.load(saved(tmp_path, text))
    assert said in str(refused.value) and str(tmp_path / FILE) in str(refused.value)


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadInputError, match="book, film, game, song"):
        domain_file("boks")


def test_texts_and_names_of_signals_are_put_in_words_of_the_domain() -> None:
    book: Domain = read_domain(domain_file("book"))
    assert book.worded("{use} {an item}, {items}; {other}") == "read a book, books; {other}"
    assert book.own_words("facts like those of the films you named").endswith("the books you named")
    assert NEUTRAL.own_words("about the same as a film you named") == (
        "about the same as an item you named"
    )
    film = read_domain(domain_file("film"))
    assert film.own_words("nearest film liked by the same people").startswith("nearest film ")


def test_the_words_are_no_part_of_what_a_checkpoint_rests_on() -> None:
    book = read_domain(domain_file("book"))
    assert Catalog((EMMA,)).fingerprint == Catalog((EMMA,), domain=book).fingerprint


def test_the_example_of_the_documentation_is_a_domain(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "your-own-catalog.md").read_text()
    (example,) = (b for b in page.split("```") if b.lstrip().startswith("item = "))
    (tmp_path / FILE).write_text(example)
    opera = read_domain(tmp_path / FILE)
    assert opera.items == "operas" and opera.makers[0].field == "composers"
    assert re.search(opera.makers[0].asked[0], "which composer?") and opera.want.startswith("want")
