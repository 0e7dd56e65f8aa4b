"""Synthetic wishes mean what they say, and replies claim nothing that is not a slot."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import pytest

from crsdemo.catalog import Catalog, Item
from crsdemo.errors import CatalogError
from crsdemo.slots import Slot, fill
from crsdemo.train.answers import answer
from crsdemo.train.example import Example
from crsdemo.train.phrases import a, expand, plural
from crsdemo.train.phrases_chat import SCARY, WHO
from crsdemo.train.phrases_replies import GO_ON
from crsdemo.train.phrases_wishes import YES
from crsdemo.train.synthetic import Wish, Writer
from crsdemo.train.wants import Want
from crsdemo.train.wording import turn

FILMS = """
Alien|1979|horror,science fiction|Ridley Scott|Sigourney Weaver,Tom Skerritt,John Hurt|aliens,outer space,scary
Aliens|1986|action,horror,science fiction|James Cameron|Sigourney Weaver,Michael Biehn|aliens,outer space,military
Blade Runner|1982|drama,science fiction,thriller|Ridley Scott|Harrison Ford,Rutger Hauer|robots,dystopia,detective
The Thing|1982|horror,mystery,science fiction|John Carpenter|Kurt Russell,Wilford Brimley|aliens,scary,paranoia
Halloween|1978|horror,thriller|John Carpenter|Jamie Lee Curtis,Donald Pleasence|serial killer,halloween,scary
The Shining|1980|horror|Stanley Kubrick|Jack Nicholson,Shelley Duvall|hotel,scary,ghosts
Psycho|1960|horror,mystery,thriller|Alfred Hitchcock|Anthony Perkins,Janet Leigh|serial killer,scary
Vertigo|1958|mystery,romance,thriller|Alfred Hitchcock|James Stewart,Kim Novak|detective,san francisco
Rear Window|1954|mystery,thriller|Alfred Hitchcock|James Stewart,Grace Kelly|murder,new york
It's a Wonderful Life|1946|drama,family,fantasy|Frank Capra|James Stewart,Donna Reed|christmas,feel-good
Forrest Gump|1994|drama,romance|Robert Zemeckis|Tom Hanks,Robin Wright|vietnam war,feel-good,based on a book
Cast Away|2000|adventure,drama|Robert Zemeckis|Tom Hanks,Helen Hunt|survival,stranded,island
Back to the Future|1985|adventure,comedy,science fiction|Robert Zemeckis|Michael J. Fox,Christopher Lloyd|time travel,teen
Big|1988|comedy,drama,fantasy|Penny Marshall|Tom Hanks,Elizabeth Perkins|feel-good,toys
Sleepless in Seattle|1993|comedy,drama,romance|Nora Ephron|Tom Hanks,Meg Ryan|romantic comedy,love story
You've Got Mail|1998|comedy,drama,romance|Nora Ephron|Tom Hanks,Meg Ryan|romantic comedy,internet,new york
When Harry Met Sally...|1989|comedy,drama,romance|Rob Reiner|Billy Crystal,Meg Ryan|romantic comedy,new york,friendship
Stand by Me|1986|adventure,drama|Rob Reiner|Wil Wheaton,River Phoenix|friendship,coming of age,based on a book
Unforgiven|1992|drama,western|Clint Eastwood|Clint Eastwood,Gene Hackman|revenge,gunfight
Gran Torino|2008|drama|Clint Eastwood|Clint Eastwood,Bee Vang|racism,friendship
High Noon|1952|drama,western|Fred Zinnemann|Gary Cooper,Grace Kelly|gunfight,revenge
The Good, the Bad and the Ugly|1966|adventure,western|Sergio Leone|Clint Eastwood,Eli Wallach|gunfight,civil war
Toy Story|1995|animation,adventure,comedy|John Lasseter|Tom Hanks,Tim Allen|toys,friendship,pixar
Finding Nemo|2003|animation,adventure,comedy|Andrew Stanton|Albert Brooks,Ellen DeGeneres|pixar,talking animals,father and son
Up|2009|animation,adventure,comedy|Pete Docter|Edward Asner,Jordan Nagai|pixar,friendship,dogs
Coco|2017|animation,adventure,family|Lee Unkrich|Anthony Gonzalez,Benjamin Bratt|pixar,musicians
Saving Private Ryan|1998|drama,war|Steven Spielberg|Tom Hanks,Matt Damon|world war ii,military,gory
Schindler's List|1993|biography,drama,history|Steven Spielberg|Liam Neeson,Ben Kingsley|world war ii,holocaust,sad
Jaws|1975|adventure,thriller|Steven Spielberg|Roy Scheider,Richard Dreyfuss|sharks,scary,based on a book
Heat|1995|action,crime,drama|Michael Mann|Al Pacino,Robert De Niro|heist,police
The Godfather|1972|crime,drama|Francis Ford Coppola|Marlon Brando,Al Pacino|gangsters,based on a book
Goodfellas|1990|biography,crime,drama|Martin Scorsese|Robert De Niro,Ray Liotta|gangsters,based on a true story
Airplane!|1980|comedy|Jim Abrahams|Robert Hays,Leslie Nielsen|parody,plane
The Naked Gun|1988|comedy,crime|David Zucker|Leslie Nielsen,Priscilla Presley|parody,police
Rocky|1976|drama,sport|John G. Avildsen|Sylvester Stallone,Talia Shire|boxing,underdog
Singin' in the Rain|1952|comedy,musical,romance|Stanley Donen|Gene Kelly,Debbie Reynolds|hollywood,dancing
Get Out|2017|horror,mystery,thriller|Jordan Peele|Daniel Kaluuya,Allison Williams|scary,racism
Us|2019|horror,mystery,thriller|Jordan Peele|Lupita Nyong'o,Winston Duke|scary,twist ending
Dune|2021|action,adventure,drama,science fiction|Denis Villeneuve|Timothée Chalamet,Rebecca Ferguson|desert,based on a book
Home Movie||||
"""  # noqa: E501


def _film(number: int, line: str) -> Item:
    title, year, *facts = line.split("|")
    fields = ("genres", "directors", "cast", "keywords")
    known = {
        name: tuple(text.split(",")) for name, text in zip(fields, facts, strict=False) if text
    }
    return Item(f"f{number}", title, int(year) if year else None, known, popularity=number % 7)


CATALOG = Catalog(tuple(_film(n, line) for n, line in enumerate(FILMS.strip().splitlines())))


def _near(item: Item) -> list[tuple[str, float]]:
    """Toy neighbours: films that share facts, weighed by how many."""
    shared = {
        other.id: float(len({*item.genres, *item.people} & {*other.genres, *other.people}))
        for other in CATALOG
        if other is not item
    }
    return sorted(((other, n) for other, n in shared.items() if n > 0), key=lambda pair: -pair[1])[
        :8
    ]


NEIGHBOURS = {item.id: _near(item) for item in CATALOG}
NAMES = {name for item in CATALOG for name in item.people}
GENRES = {genre for item in CATALOG for genre in item.genres} | {"film noir", "sci-fi", "romantic"}


@pytest.fixture(scope="module")
def wishes() -> list[Wish]:
    writer = Writer(CATALOG, NEIGHBOURS, 1)
    return [writer.draw() for _ in range(2000)]


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    writer = Writer(CATALOG, NEIGHBOURS, 2, with_reply=1.0)
    return [writer.wish() for _ in range(2000)]


@pytest.fixture(scope="module")
def dialogues() -> list[list[Example]]:
    writer = Writer(CATALOG, NEIGHBOURS, 3)
    return [writer.dialogue() for _ in range(400)]


def _fits(want: Want, item: Item) -> bool:
    """Whether `item` is what `want` asks for, read from its facts anew."""
    if want.kind == "genre" and want.value in GENRES:
        return want.value in item.genres
    if want.kind == "keyword":
        return want.value in item.facts.get("keywords", ())
    if want.kind == "person":
        return all(name in item.people for name in want.value.split("+"))
    if want.kind == "era":
        first, last = map(int, want.value.split("-"))
        return item.year is not None and first <= item.year <= last
    if want.kind == "like":
        liked = want.value.split("+")
        near = {other for name in liked for other, _ in NEIGHBOURS[name]}
        return item.id in near and item.id not in liked
    return any(
        value in values for name, values in want.facts.items() for value in item.facts.get(name, ())
    )


def _text(example: Example) -> str:
    return example.dialogue.turns[-1].text


def _strings(example: Example) -> str:
    return " ".join(piece for piece in example.reply if isinstance(piece, str))


def _recommendations(
    examples: Iterable[Example], dialogues: Iterable[list[Example]]
) -> list[Example]:
    every = [*examples, *(example for talk in dialogues for example in talk)]
    return [example for example in every if example.mode == "REC" and example.reply]


def test_every_target_fits_every_constraint_of_its_wish(wishes: list[Wish]) -> None:
    for wish in wishes:
        for row in wish.targets.rows:
            assert all(_fits(want, CATALOG[row]) for want in wish.wants), wish.turn.text


def test_no_target_has_what_the_wish_refuses(wishes: list[Wish]) -> None:
    refusing = [wish for wish in wishes if wish.nots]
    assert len(refusing) > 50
    for wish in refusing:
        for refused in wish.nots:
            items = [CATALOG[row] for row in wish.targets.rows]
            if refused.kind == "genre" and refused.value in GENRES:
                assert not any(_fits(refused, item) for item in items), wish.turn.text
            if refused.kind == "person":
                name, roles = refused.value, refused.facts
                assert not any(name in item.facts.get(r, ()) for item in items for r in roles)
            if refused.kind == "like":
                assert refused.value not in [item.id for item in items]


def test_all_that_fits_a_plain_genre_wish_is_a_target(wishes: list[Wish]) -> None:
    plain = [w for w in wishes if len(w.wants) == 1 and not w.nots and w.wants[0].value == "horror"]
    assert plain
    for wish in plain:
        found = {CATALOG[row].title for row in wish.targets.rows}
        assert found == {item.title for item in CATALOG if "horror" in item.genres}


def test_every_kind_of_wish_occurs(wishes: list[Wish]) -> None:
    kinds = {want.kind for wish in wishes for want in wish.wants}
    assert kinds == {"genre", "mood", "theme", "keyword", "person", "era", "like"}
    assert any(len(wish.wants) > 1 for wish in wishes)


def test_weights_sum_to_one_and_follow_popularity(examples: list[Example]) -> None:
    assert all(sum(example.targets.values()) == pytest.approx(1) for example in examples)
    flat = Writer(CATALOG, NEIGHBOURS, 1, flatness=0.0)
    steep = Writer(CATALOG, NEIGHBOURS, 1, flatness=1.0)
    known, unknown = CATALOG.item("f6"), CATALOG.item("f0")  # both horror, popularity 6 and 0
    horror = next(want for want in flat.index.genres if want.value == "horror")
    for writer, least, most in ((flat, 0.5, 1.5), (steep, 6.0, 8.0)):
        targets = writer.index.targets((horror,), (), ())
        assert targets is not None
        weight = dict(zip(targets.rows.tolist(), targets.weights, strict=True))
        ratio = weight[CATALOG.row[known.id]] / weight[CATALOG.row[unknown.id]]
        assert least <= ratio * horror.fit[0] / horror.fit[6] <= most


def test_targets_are_capped() -> None:
    writer = Writer(CATALOG, NEIGHBOURS, 1, limit=5)
    assert all(len(writer.wish().targets) <= 5 for _ in range(200))


def test_a_reply_speaks_of_a_target_and_names_it(
    examples: list[Example], dialogues: list[list[Example]]
) -> None:
    for example in _recommendations(examples, dialogues):
        assert example.item is not None and example.item.id in example.targets
        assert example.item in example.reply


def test_slots_of_a_reply_can_be_filled(
    examples: list[Example], dialogues: list[list[Example]]
) -> None:
    for example in _recommendations(examples, dialogues):
        assert example.item is not None
        slots = [piece for piece in example.reply if isinstance(piece, Slot)]
        values = [slot.value(example.item) for slot in slots]
        assert all(values), example.reply
        assert len(set(values)) == len(values), "a fact is said twice"


def test_no_fact_is_spelled_in_the_words_of_a_reply(
    examples: list[Example], dialogues: list[list[Example]]
) -> None:
    genre = re.compile(rf"\b({'|'.join(GENRES)})\b", re.IGNORECASE)
    for example in _recommendations(examples, dialogues):
        words = _strings(example)
        assert not genre.search(words), words
        assert not re.search(r"\d", words), words
        assert not any(name in words for name in NAMES), words
        assert example.item is not None
        assert (
            not re.search(rf"\b{re.escape(example.item.title)}\b", words)
            or len(example.item.title) < 4
        )


def test_a_named_person_is_named_in_the_slot_that_holds_them() -> None:
    writer = Writer(CATALOG, NEIGHBOURS, 5, with_reply=1.0)
    person = writer.index.person("Tom Hanks", writer.rng)
    item = CATALOG.item("f16")
    assert person.evidence(item) is None
    assert person.evidence(CATALOG.item("f22")) == Slot("cast", 1)


def test_replies_have_the_length_of_speech(examples: list[Example]) -> None:
    lengths = [
        len("".join(p if isinstance(p, str) else p.name for p in fill(e.reply, e.item)).split())
        for e in examples
    ]
    assert max(lengths) <= 50
    assert sum(8 <= n <= 45 for n in lengths) > 0.95 * len(lengths)


def test_wordings_hardly_repeat(examples: list[Example]) -> None:
    assert len({_text(example) for example in examples}) > 0.95 * len(examples)


def test_there_are_hundreds_of_ways_to_recommend(examples: list[Example]) -> None:
    frames = {
        tuple(piece if isinstance(piece, str) else type(piece).__name__ for piece in e.reply)
        for e in examples
    }
    assert len(frames) > 400


def test_mentions_cover_the_titles_that_users_type(examples: list[Example]) -> None:
    mentions = [(e.dialogue.turns[-1], m) for e in examples for m in e.dialogue.turns[-1].mentions]
    assert len(mentions) > 100
    for said, mention in mentions:
        letters = re.sub(r"\W|\d", "", said.text[mention.start : mention.end].lower())
        title = re.sub(r"\W|\d", "", CATALOG.item(mention.item_id).title.lower())
        assert letters and (letters.removesuffix("from") in title or title in letters)


def test_slips_never_reach_a_mention() -> None:
    writer = Writer(CATALOG, NEIGHBOURS, 8)
    for _ in range(200):
        said = turn("something similar to {film} please", {"film": CATALOG[4]}, writer.rng, 5.0)
        (mention,) = said.mentions
        assert "halloween" in said.text[mention.start : mention.end].lower()


def test_speakers_alternate_and_each_example_ends_with_the_user(
    dialogues: list[list[Example]],
) -> None:
    for talk in dialogues:
        for earlier, later in zip(talk, talk[1:], strict=False):
            assert later.dialogue.turns[: len(earlier.dialogue.turns)] == earlier.dialogue.turns
        for example in talk:
            speakers = [said.speaker for said in example.dialogue.turns]
            assert speakers == ["user", "assistant"] * (len(speakers) // 2) + ["user"]


def test_dialogues_have_two_turns_or_more_and_both_modes(dialogues: list[list[Example]]) -> None:
    assert all(2 <= len(talk) <= 12 for talk in dialogues)
    modes = [example.mode for talk in dialogues for example in talk]
    assert 0.2 < modes.count("CHAT") / len(modes) < 0.6


def test_chat_has_no_targets_and_no_item(dialogues: list[list[Example]]) -> None:
    chats = [e for talk in dialogues for e in talk if e.mode == "CHAT"]
    assert chats
    assert all(not e.targets and e.item is None and e.reply for e in chats)


def test_nothing_is_recommended_twice(dialogues: list[list[Example]]) -> None:
    for talk in dialogues:
        for example in talk:
            asked = len(example.targets) == 1  # a question about a film has it as its target
            if not asked:
                assert not set(example.targets) & set(example.dialogue.mentioned)


def _refined(dialogues: list[list[Example]], said: str, holds: Callable[[Item, Item], bool]) -> int:
    """How often `said` followed a recommendation; `holds` compares the new one with it."""
    found = 0
    for talk in dialogues:
        for earlier, later in zip(talk, talk[1:], strict=False):
            if re.fullmatch(said, _text(later).lower()) and earlier.item and later.item:
                found += 1
                assert holds(later.item, earlier.item)
    return found


def test_older_and_newer_mean_what_they_say() -> None:
    writer = Writer(CATALOG, NEIGHBOURS, 4)
    talks = [writer.dialogue() for _ in range(1000)]
    assert _refined(talks, r"older\.?", lambda new, old: (new.year or 0) < (old.year or 0))
    assert _refined(talks, r"newer\.?", lambda new, old: (new.year or 0) > (old.year or 0))


def test_yes_to_the_offer_of_another_film_brings_another_film() -> None:
    writer = Writer(CATALOG, NEIGHBOURS, 6)
    answered = 0
    for _ in range(1000):
        talk = writer.dialogue()
        for earlier, later in zip(talk, talk[1:], strict=False):
            offered = later.dialogue.turns[-2].text.endswith(GO_ON)
            if offered and _text(later).lower().rstrip(".") in YES:
                answered += 1
                assert later.mode == "REC" and later.item != earlier.item
    assert answered


@pytest.mark.parametrize(("film", "scary"), [("The Shining", True), ("Gran Torino", False)])
def test_only_what_the_facts_say_is_called_scary(film: str, scary: bool) -> None:
    item = next(item for item in CATALOG if item.title == film)
    replies = [answer(SCARY, item, Writer(CATALOG, {}, seed).rng) for seed in range(5)]
    shown = [piece.value(item) for reply in replies for piece in reply if isinstance(piece, Slot)]
    assert ("horror" in shown) is scary
    assert (
        any(str(reply[0]).startswith(("I don't think", "Probably not")) for reply in replies)
        or scary
    )


def test_a_question_without_an_answer_is_admitted() -> None:
    unknown = CATALOG[-1]
    (before, item, after) = answer(WHO, unknown, Writer(CATALOG, {}, 1).rng)
    assert item == unknown and ("I don't have" in str(before) or "isn't in my notes" in str(after))


def test_articles_agree_with_names() -> None:
    writer = Writer(CATALOG, NEIGHBOURS, 8)
    said = turn("I want a {person} film", {"person": "Al Pacino"}, writer.rng, 0.0)
    assert said.text.startswith("I want an Al Pacino film")


def test_a_seed_decides_everything() -> None:
    first, again = Writer(CATALOG, NEIGHBOURS, 7), Writer(CATALOG, NEIGHBOURS, 7)
    other = Writer(CATALOG, NEIGHBOURS, 8)
    written = [(w.wish(), w.wish(), w.dialogue(), w.dialogue()) for w in (first, again, other)]
    assert written[0] == written[1] != written[2]


def test_a_catalog_without_genres_is_refused_with_advice() -> None:
    books = Catalog((Item("b1", "Emma", 1815, {"authors": ("Jane Austen",)}),))
    with pytest.raises(CatalogError, match="train on your own dialogues"):
        Writer(books, {}, 1)


def test_choices_nest_and_holes_stay() -> None:
    writer = Writer(CATALOG, NEIGHBOURS, 1)
    seen = {expand("[a|b [c|d]] {hole}", writer.rng) for _ in range(100)}
    assert seen == {"a {hole}", "b c {hole}", "b d {hole}"}


@pytest.mark.parametrize("broken", ["[a|b", "a]b", "a|b"])
def test_an_unbalanced_choice_is_refused(broken: str) -> None:
    with pytest.raises(ValueError, match="'"):
        expand(broken, Writer(CATALOG, NEIGHBOURS, 1).rng)


@pytest.mark.parametrize(
    ("noun", "with_article", "many"),
    [
        ("comedy", "a comedy", "comedies"),
        ("80s film", "an 80s film", "80s films"),
        ("one about love", "a one about love", "ones about love"),
        ("uplifting story", "an uplifting story", "uplifting stories"),
        ("European film", "a European film", "European films"),
        ("1980s western", "a 1980s western", "1980s westerns"),
    ],
)
def test_articles_and_plurals(noun: str, with_article: str, many: str) -> None:
    assert a(noun) == with_article
    assert plural(noun) == many
