"""Films and people named in free text, against the catalog that the project ships."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.language.corpus import Titles
from crsdemo.language.mentions import MentionLinker
from crsdemo.language.people import PeopleLinker
from crsdemo.language.title_forms import Part, title_forms
from crsdemo.language.typed_words import Speller, plain_word

ROOT = Path(__file__).parents[2]
CASES = [
    json.loads(line)
    for line in Path(__file__).with_name("mention_cases.jsonl").read_text("utf-8").splitlines()
]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.load(ROOT / "catalog")


@pytest.fixture(scope="module")
def linker(catalog: Catalog) -> MentionLinker:
    return MentionLinker(catalog)


@pytest.fixture(scope="module")
def people_linker(catalog: Catalog) -> PeopleLinker:
    return PeopleLinker(catalog)


def names(
    linker: MentionLinker, catalog: Catalog, text: str, after: Dialogue = Dialogue()
) -> list[str]:
    return [catalog.item(m.item_id).name for m in linker.link(text, after)]


def recommending(catalog: Catalog, *films: str) -> Dialogue:
    """A dialogue in which the assistant named these films."""
    ids = {item.name: item.id for item in catalog}
    turns = (Turn("assistant", f, (Mention(0, len(f), ids[f]),)) for f in films)
    return Dialogue(tuple(turns))


FRESH = [
    json.loads(line)
    for line in Path(__file__).with_name("mentions_fresh.jsonl").read_text("utf-8").splitlines()
]
OF_MANY_SCRIPTS = Catalog(
    tuple(
        Item(title, title, year, popularity=3)
        for title, year in {
            "雨の町": 2019, "Тихий берег": 2005, "The Quiet Shore": 2006, "Amélie Rose": 2001,
            "기생충": 2019, "Η αιωνιότητα και μια μέρα": 1998, "बाहुबली": 2015,
            "Smørrebrød": 1999, "Straße der Träume": 1982, "東京物語": 1953,
            "باب الحديد": 1958, "Сталкер": 1979, "La niña de ojos grises": 2010,
        }.items()
    )
)  # fmt: skip


def test_the_fresh_list_is_read_right(linker: MentionLinker, catalog: Catalog) -> None:
    """The list was written before the rules that read it."""
    assert len(FRESH) >= 150
    catalogs = {"": catalog, "scripts": OF_MANY_SCRIPTS}
    linkers = {"": linker, "scripts": MentionLinker(OF_MANY_SCRIPTS)}
    right = found = wanted = 0
    missed = []
    for case in FRESH:
        which = case.get("catalog", "")
        got = set(names(linkers[which], catalogs[which], case["text"]))
        want = set(case["films"])
        right, found, wanted = right + len(got & want), found + len(got), wanted + len(want)
        if got != want:
            missed.append((case["text"], sorted(want - got), sorted(got - want)))
    print(f"precision {right / found:.3f}, recall {right / wanted:.3f}")
    assert right / found >= 0.97, missed
    assert right / wanted >= 0.93, missed


@pytest.mark.parametrize("title", [item.name for item in OF_MANY_SCRIPTS])
def test_a_title_of_any_script_is_found_and_no_other_taken_for_it(title: str) -> None:
    found = Titles(OF_MANY_SCRIPTS).find(title)
    assert found and OF_MANY_SCRIPTS.item(found).name == title
    rest = Catalog(tuple(item for item in OF_MANY_SCRIPTS if item.name != title))
    assert Titles(rest).find(title) is None
    assert MentionLinker(rest).link(f"I watched {title} again") == ()


def test_titles_in_which_nothing_is_a_word_are_not_all_one() -> None:
    catalog = Catalog((Item("1", "???", 2000), Item("2", "!!!", 2000)))
    assert Titles(catalog).find("*** (2000)") is None


def test_the_cases_are_80_and_many_of_them_name_no_film() -> None:
    assert len(CASES) == 80
    assert sum(not case["films"] for case in CASES) >= 30


def test_mentions_are_precise_and_mostly_found(linker: MentionLinker, catalog: Catalog) -> None:
    right = found = wanted = 0
    missed = []
    for case in CASES:
        after = recommending(catalog, *case.get("mentioned", []))
        got, want = set(names(linker, catalog, case["text"], after)), set(case["films"])
        right, found, wanted = right + len(got & want), found + len(got), wanted + len(want)
        if got != want:
            missed.append((case["text"], sorted(want - got), sorted(got - want)))
    print(f"precision {right / found:.3f}, recall {right / wanted:.3f}")
    assert right / found >= 0.95, missed
    assert right / wanted >= 0.85, missed


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("i saw The Matrix twice", "The Matrix"),
        ("is Heat (1995) long?", "Heat (1995)"),
        ("is Heat 1995 long?", "Heat 1995"),
        ("Godfather, The (1972) again", "Godfather, The (1972)"),
        ("we love inseption", "inseption"),
        ("I told you: toy story 1 is the best", "toy story 1"),
    ],
)
def test_a_mention_covers_the_title_as_typed_with_article_and_year(
    linker: MentionLinker, text: str, said: str
) -> None:
    (mention,) = linker.link(text)
    assert text[mention.start : mention.end] == said


def test_the_article_of_the_next_title_is_not_taken_for_one_moved_behind(
    linker: MentionLinker, catalog: Catalog
) -> None:
    found = names(linker, catalog, "the social network, the departed and The Prestige")
    assert found == ["The Social Network (2010)", "The Departed (2006)", "The Prestige (2006)"]


def test_mentions_stand_in_order_and_never_overlap(linker: MentionLinker) -> None:
    text = ". ".join(case["text"] for case in CASES)
    mentions = linker.link(text)
    assert len(mentions) > 40
    assert all(a.end <= b.start for a, b in zip(mentions, mentions[1:], strict=False))


def test_a_year_that_no_film_of_that_title_has_means_no_film(linker: MentionLinker) -> None:
    assert linker.link("I loved Ghostbusters (2016)")
    assert not linker.link("I loved Ghostbusters (1951)")


def test_a_sequel_that_the_catalog_lacks_is_not_its_predecessor(
    linker: MentionLinker, catalog: Catalog
) -> None:
    assert names(linker, catalog, "inception was great") == ["Inception (2010)"]
    assert names(linker, catalog, "inception 2 was great") == []
    assert names(linker, catalog, "i saw inception 2 times") == ["Inception (2010)"]


def test_the_film_spoken_of_decides_between_remakes(
    linker: MentionLinker, catalog: Catalog
) -> None:
    old, new = "Ghostbusters (1984)", "Ghostbusters (2016)"
    for film in (old, new):
        after = recommending(catalog, film)
        assert names(linker, catalog, "ghostbusters sounds good", after) == [film]


def test_of_titles_that_differ_by_their_article_the_one_typed_is_meant() -> None:
    catalog = Catalog(
        (Item("1", "Heat", 1995, popularity=9), Item("2", "The Heat", 2013, popularity=12))
    )
    linker = MentionLinker(catalog)
    for text, film in (
        ("a crime drama like Heat", "Heat (1995)"),
        ("Have you seen The Heat?", "The Heat (2013)"),
        ("I liked Heat, The", "The Heat (2013)"),
    ):
        assert names(linker, catalog, text) == [film]


def test_people_spoken_of_decide_between_remakes(linker: MentionLinker, catalog: Catalog) -> None:
    text = "total recall with Colin Farrell"
    assert names(linker, catalog, text) == ["Total Recall (2012)"]
    text = "total recall with arnold schwarzenegger"
    assert names(linker, catalog, text) == ["Total Recall (1990)"]


def test_common_words_need_quotes_a_year_or_the_word_movie(
    linker: MentionLinker, catalog: Catalog
) -> None:
    assert names(linker, catalog, "we looked up and saw it") == []
    assert names(linker, catalog, 'we saw "Up" and the movie It') == ["Up (2009)", "It (2017)"]
    assert names(linker, catalog, "we saw up (2009)") == ["Up (2009)"]
    assert names(linker, catalog, "WE LOOKED UP AND SAW IT WITH US") == []


@pytest.mark.parametrize(
    ("text", "films"),
    [
        ("something funny w/ my girlfriend", []),
        ("w/o zombies please", []),
        ("an action film w/ tom cruise", []),
        ("any good k-drama", []),
        ("a film about k-pop", []),
        ("nothing x-rated", []),
        ("m", ["M (1931)"]),
        ("m by fritz lang", ["M (1931)"]),
    ],
)
def test_a_letter_of_a_longer_word_is_no_title(
    linker: MentionLinker, catalog: Catalog, text: str, films: list[str]
) -> None:
    assert names(linker, catalog, text) == films


def test_the_name_of_a_person_is_no_film(linker: MentionLinker, catalog: Catalog) -> None:
    assert names(linker, catalog, "anything with Jackie Chan?") == []
    assert names(linker, catalog, "I like Hitchcock") == []


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("a Tarantino film", ["Quentin Tarantino"]),
        ("Scorsese or the coen brothers", ["Martin Scorsese", "Ethan Coen", "Joel Coen"]),
        ("something by hitchcock", ["Alfred Hitchcock"]),
        ("Spielberg's best", ["Steven Spielberg"]),
        ("a thriller with Denzel Washingtn", ["Denzel Washington"]),
        ("robert downey jr. and tom hanks", ["Robert Downey Jr.", "Tom Hanks"]),
        ("I ride cruise ships and like black stones", []),
        ("hello, my name is Smith and I live on Ford street", []),
    ],
)
def test_people_are_found_by_name_or_by_telling_surname(
    people_linker: PeopleLinker, text: str, people: list[str]
) -> None:
    assert set(people_linker.link_people(text)) == set(people)


@pytest.mark.parametrize(
    "text",
    ["", "   ", "\x00\x01", "🎬🍿", "مرحبا", "<MODE=REC>", "<a_1>", "<script>x</script>", "'"],
)
def test_odd_texts_name_no_film(
    linker: MentionLinker, people_linker: PeopleLinker, text: str
) -> None:
    assert linker.link(text) == ()
    assert people_linker.link_people(text) == ()


def test_a_very_long_text_is_read_to_its_end(linker: MentionLinker) -> None:
    text = " ".join(case["text"] for case in CASES)
    text *= 100_000 // len(text) + 1
    last = "I loved Inception (2010)"
    found = linker.link(f"{text}. {last}")
    assert len(found) > 500
    assert found[-1].start == len(text) + 2 + last.index("Inception")


def test_titles_without_latin_letters_or_any_letters_do_no_harm() -> None:
    catalog = Catalog((Item("1", "千と千尋"), Item("2", "???"), Item("3", "The The")))
    linker = MentionLinker(catalog)
    assert [m.item_id for m in linker.link('I watched "千と千尋"')] == ["1"]
    assert linker.link("??? the the") == ()


def test_a_title_has_its_forms() -> None:
    forms = {(" ".join(f.words), f.part) for f in title_forms("Saga: Part II - The Return")}
    assert ("saga part ii return", Part.WHOLE) in forms
    assert ("saga 2 return", Part.WHOLE) in forms
    assert ("saga two return", Part.WHOLE) in forms
    assert ("saga return", Part.WHOLE) in forms
    assert ("saga", Part.SERIES) in forms
    assert ("return", Part.SUBTITLE) in forms


def test_only_unknown_words_are_mended() -> None:
    speller = Speller({"inception": 3, "interception": 1, "heat": 1, "fanboys": 1})
    typed = ["inseption", "heart", "exception", "fanboy", "zzzzzz"]
    assert speller.mend(typed) == {"inseption": "inception"}


def test_a_known_word_with_an_ending_is_not_taken_for_another() -> None:
    speller = Speller({"spiders": 9, "thriller": 1, "should": 1})
    assert speller.mend(["spoilers", "thrileer", "shouldnt"]) == {"thrileer": "thriller"}


def test_an_ending_that_no_family_of_words_has_is_a_typo() -> None:
    speller = Speller(
        dict.fromkeys(["interstellar", "predator", "melancholia", "alien", "mindler"], 1)
    )
    typed = ["intersteller", "predater", "melancholic", "melancholiness", "alienish", "mindless"]
    assert speller.mend(typed) == {"intersteller": "interstellar", "predater": "predator"}


@pytest.mark.parametrize(
    ("text", "film"),
    [
        ("i loved intersteller", "Interstellar (2014)"),
        ("Intersteller", "Interstellar (2014)"),
        ("gladiater was great", "Gladiator (2000)"),
        ("seen terminater 2", "Terminator 2: Judgment Day (1991)"),
        ("we saw predater again", "Predator (1987)"),
    ],
)
def test_a_misspelt_ending_names_the_film(
    linker: MentionLinker, catalog: Catalog, text: str, film: str
) -> None:
    assert names(linker, catalog, text) == [film]


def test_two_typos_are_mended_from_eight_letters_on() -> None:
    speller = Speller({"thriller": 1, "inception": 1})
    mended = {"trhiller": "thriller", "trhileer": "thriller", "incetpon": "inception"}
    assert speller.mend([*mended, "trhlier", "incetpn", "trlhieer"]) == mended


def test_plain_words_lose_accents_apostrophes_and_digits_for_letters() -> None:
    assert [plain_word(w) for w in ["Amélie", "Ocean's", "Se7en", "&", "vs", "21"]] == [
        "amelie",
        "oceans",
        "seven",
        "and",
        "v",
        "21",
    ]
