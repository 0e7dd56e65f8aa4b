"""Wishes and refusals in hundreds of combinations: all that was refused is hidden, nothing else."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path

import pytest

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.tags import Tag
from crsdemo.language.people import PeopleLinker
from crsdemo.language.refusals import wanted
from crsdemo.recommenders.candidate_scores import unwanted
from crsdemo.recommenders.facts_named import FactsNamed

PHRASES = tomllib.loads(
    (Path(__file__).parents[1] / "language" / "refusal_phrases.toml").read_text("utf-8")
)
# What is refused as it is said, one of it, and the genre or theme that it names
THINGS = (
    ("horror", "a horror film", "horror"),
    ("westerns", "a western", "western"),
    ("comedies", "a comedy", "comedy"),
    ("war films", "a war film", "war"),
    ("musicals", "a musical", "musical"),
    ("thrillers", "a thriller", "thriller"),
    ("romance", "a romance", "romance"),
    ("animation", "an animated film", "animation"),
    ("dramas", "a drama", "drama"),
    ("sci-fi", "a sci-fi film", "science fiction"),
    ("documentaries", "a documentary", "documentary"),
    ("zombies", "a zombie film", "zombies"),
    ("vampire movies", "a vampire movie", "vampires"),
    ("heist films", "a heist flick", "heist"),
    ("robots", "a robot movie", "robots"),
)
TAGS = tuple(
    Tag(name, "theme", "", (said,))
    for name, said in (
        ("zombies", "zombie"), ("vampires", "vampire"), ("heist", "heist"), ("robots", "robot"),
        ("jump scares", "jump scare"), ("dark comedy", "dark comedy"), ("aliens", "alien"),
    )
)  # fmt: skip
GENRES = sorted({name for _, _, name in THINGS} - {tag.name for tag in TAGS})
ITEMS = [
    *(Item(f"only {g}", f"Qx{g}", 2000, {"genres": (g,)}) for g in GENRES),
    *(Item(f"{g} two", f"Qy{g}", 2000, {"genres": (g, "plain")}) for g in GENRES),
    *(Item(t.name, f"Qz{t.name}", 2000, {"genres": ("plain",)}, tags=(t.name,)) for t in TAGS),
    Item("zombie horror", "Qr", 1985, {"genres": ("horror",)}, tags=("zombies",)),
    Item("alien comedy", "Qs", 2000, {"genres": ("comedy",)}, tags=("aliens",)),
    Item("romcom", "Qq", 2000, {"genres": ("comedy", "romance")}),
]
CATALOG = Catalog(tuple(ITEMS), TAGS)
NAMED = FactsNamed(CATALOG, PeopleLinker(CATALOG))


def not_known(named: FactsNamed, text: str) -> list[str]:
    return list(map(str, named.not_known.limits(text)))


def of(name: str) -> set[str]:
    return {item.id for item in CATALOG if name in item.genres or name in item.tags}


def hidden(*texts: str) -> frozenset[str]:
    talk = Dialogue(tuple(Turn("user", text) for text in texts))
    return unwanted(NAMED, talk, talk)


def combinations() -> list[tuple[str, str, str]]:
    """300 of (text, what was refused, what was wished)."""
    dice = random.Random(15)
    made = []
    for number in range(300):
        (x, a, refused), (y, b, wished) = dice.sample(THINGS, 2)
        no = PHRASES["refusals"][number % len(PHRASES["refusals"])].format(x=x, a=a)
        wish = dice.choice(PHRASES["wishes"]).format(x=y, a=b)
        joined = dice.choice(("{w}, {n}", "{w}. {n}", "{n}, {w}", "{n}. {w}", "{n} but {w}"))
        made.append((joined.format(w=wish, n=no), refused, wished))
    return made


def test_what_is_refused_is_hidden_and_what_is_wished_is_not() -> None:
    broken = []
    for text, refused, wished in combinations():
        found = hidden(text)
        if not of(refused) <= found or (of(wished) - of(refused)) & found:
            broken.append((text, sorted(of(refused) - found), sorted(of(wished) & found)))
    assert not broken, f"{len(broken)} of 300: {broken[:9]}"


def test_what_only_looks_like_a_refusal_hides_nothing() -> None:
    dice = random.Random(51)
    broken = []
    for number in range(300):
        x, a, _ = dice.choice(THINGS)
        text = PHRASES["seeming"][number % len(PHRASES["seeming"])].format(x=x, a=a)
        if hidden(text):
            broken.append((text, sorted(hidden(text))))
    assert not broken, f"{len(broken)} of 300: {broken[:9]}"


def test_a_refusal_stands_where_it_hides_most_of_the_catalog() -> None:
    text = (
        "no drama, no comedy, no horror, no westerns, no war films, no musicals, no thrillers, "
        "no animation"
    )
    names = ("drama", "comedy", "horror", "western", "war", "musical", "thriller", "animation")
    assert hidden(text) == set().union(*map(of, names))
    assert len(hidden(text)) > len(CATALOG) / 2


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        ("we don't care for alien movies", {"aliens", "alien comedy"}),
        ("no robots please", {"robots"}),
        ("no jump scares", {"jump scares"}),
        ("i hate dark comedies", {"dark comedy"}),
        ("no romantic comedies", {"romcom"}),
        ("no rom-coms", {"romcom"}),
        ("no romantic comedies or horror", {"romcom"} | of("horror")),
        ("no horror, rom-coms or dark comedies", {"romcom", "dark comedy"} | of("horror")),
        ("i hate westerns, musicals and horror", of("western") | of("musical") | of("horror")),
        ("no westerns, musicals or horror", of("western") | of("musical") | of("horror")),
        ("no horror, a comedy and a romance please", of("horror")),
        ("no horror, comedy or romance", of("horror") | of("comedy") | of("romance")),
        ("no dark, comedy or horror", of("comedy") | of("horror")),
        ("no zombie horror", {"zombie horror"}),
        ("i hate alien comedies", {"alien comedy"}),
        ("no zombie-horror or westerns", {"zombie horror"} | of("western")),
        ("no zombies, horror is great", of("zombies")),
        ("no zombies or horror", of("zombies") | of("horror")),
        ("no 80s horror", {"zombie horror"}),
        ("no 80s", {"zombie horror"}),
        ("nothing from the 80s", {"zombie horror"}),
        ("i hate 80s films", {"zombie horror"}),
        ("anything but the 80s", {"zombie horror"}),
        ("nothing set in the 80s", set()),
    ],
)
def test_only_what_was_refused_is_hidden(text: str, left_out: set[str]) -> None:
    assert hidden(text) == left_out


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        ("nothing too scary please", of("horror")),
        ("a comedy, not too romantic or scary", of("romance") | of("horror")),
        ("a drama that isn't too musical", of("musical")),
        ("a horror film, but not too scary", set()),
        ("a horror film that is not very romantic", of("romance")),
        ("not too long, a horror film", set()),
        ("not so sure, maybe horror", set()),
        ("not too fond of horror", of("horror")),
    ],
)
def test_not_too_much_refuses_but_what_is_asked_for(text: str, left_out: set[str]) -> None:
    assert hidden(text) == left_out


@pytest.mark.parametrize("text", ["nothing too scary", "not very scary", "kids get scared easily"])
def test_not_too_much_of_it_is_no_wish(text: str) -> None:
    assert not NAMED.genres(wanted(text)).any()


def test_what_was_refused_stays_so_until_it_is_asked_for() -> None:
    assert hidden("no horror", "a creepy house would be nice, a comedy") == of("horror")
    assert hidden("no horror", "ok, horror then") == set()
    assert hidden("a comedy in a spooky house, but no horror") == of("horror")
    for said in ("is it a horror?", "that's a horror", "too scary", "is it scary", "looks scary"):
        assert hidden("no horror", said) == of("horror"), said
    for said in ("no, it has to be horror", "it's fine if it's horror", "can it be scary?"):
        assert hidden("no horror", said) == set(), said
    assert hidden("no zombie horror", "a horror film") == {"zombie horror"}
    assert hidden("no zombie horror", "ok, zombie horror") == set()
    assert hidden("no 80s", "ok, an 80s film") == {i.id for i in CATALOG} - {"zombie horror"}


def test_a_limit_that_is_somebodys_name_is_none() -> None:
    film = Item("a", "A", 2000, {"cast": ("Oscar Lark",), "directors": ("Emmy Sund",)})
    named = FactsNamed(Catalog((film,)), PeopleLinker(Catalog((film,))))
    assert not_known(named, "with oscar lark, by emmy sund") == []
    assert not_known(named, "with oscar lark, won an oscar") == ["awards: won an oscar"]


def test_limits_without_a_field_are_told_and_those_with_one_or_a_theme_are_not() -> None:
    films = (
        Item("a", "A", 2000, {"country": ("France",)}, tags=("oscar winner",)),
        Item("b", "B", 2001, {"country": ("Japan",)}),
    )
    tags = (Tag("oscar winner", "status", "", ("won an oscar",)),)
    catalog = Catalog(films, tags)
    named = FactsNamed(catalog, PeopleLinker(catalog))
    text = "a french film under 2 hours that won an oscar"
    assert not_known(named, text) == ["length: under 2 hours"]
    assert not_known(NAMED, text) == [
        "length: under 2 hours", "awards: won an oscar", "country: France",
    ]  # fmt: skip


def test_a_theme_tells_where_something_comes_from_only_if_it_is_set_there() -> None:
    films = (Item("a", "A", 2000, tags=("subtitled", "korea")),)
    tags = (
        Tag("subtitled", "style", "", ("french film", "with subtitles", "in french")),
        Tag("korea", "setting", "", ("korea", "korean")),
    )
    named = FactsNamed(Catalog(films, tags), PeopleLinker(Catalog(films, tags)))
    assert not_known(named, "a french film") == ["country: France"]
    assert not_known(named, "something in French") == ["language: French"]
    assert not_known(named, "a korean film") == []
    assert not_known(named, "with subtitles") == []
    assert not_known(named, "a short korean film") == ["length: short"]


PEOPLE = Catalog(
    (
        Item("a", "A", 2000, {"cast": ("Oscar Lark",), "directors": ("Emmy Sund", "Jane Oake")}),
        *(Item(f"b{n}", f"B{n}", 2000, {"cast": ("Thomas Quill",)}) for n in range(6)),
        Item("c", "C", 2000, {"cast": ("Quill Bree",)}, logline="Sherlock Wend finds a ring."),
    )
)


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("anything by Yasujiro Ozu?", "Yasujiro Ozu"),
        ("something by yasujiro ozu please", "yasujiro ozu"),
        ("a horror movie directed by Jane Nobodyknows", "Jane Nobodyknows"),
        ("films by ozu", "ozu"),
        ("a western starring Fernandel", "Fernandel"),
        ("a comedy with Louis de Funes and no war", "Louis de Funes"),
        ("a film with Mervin Quill", "Mervin Quill"),
        ("a film with Quill Marbrook", "Quill Marbrook"),
        ("a film with Emmy Sund", ""),
        ("a film with Sherlock Wend", ""),
        ("no films by Yasujiro Ozu", ""),
        ("A Film With Lots Of Action", ""),
        ("something by tomorrow night", ""),
        ("films by a french director", ""),
        ("something by someone new", ""),
    ],
)
def test_who_asks_for_somebody_unknown_hears_it(text: str, who: str) -> None:
    named = FactsNamed(PEOPLE, PeopleLinker(PEOPLE))
    names = [limit.what for limit in named.not_known.limits(text) if limit.kind == "name"]
    assert names == ([who] if who else [])
