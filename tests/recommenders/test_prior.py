"""What a dialogue says of every item, by themes and refusals: rules that decide what is hidden."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.tags import Tag
from crsdemo.language.people import PeopleLinker
from crsdemo.language.refused_facts import Fact
from crsdemo.recommenders.candidate_scores import SUBJECT, ItemKnowledge, unwanted
from crsdemo.recommenders.dialogue_regression import DialogueRegression
from crsdemo.recommenders.facts_named import FactsNamed
from crsdemo.recommenders.neighbours import Neighbours
from crsdemo.recommenders.prior import SIGNALS, ItemPrior
from crsdemo.recommenders.ranker import Ranker

TAGS = (
    Tag("gore", "caution", "", ("gore", "gory", "blood")),
    Tag("heist", "theme", "", ("heist", "bank robbery")),
    Tag("dogs", "theme", "", ("dog",)),
)


def item(name: str, *tags: str, genre: str = "drama", **facts: tuple[str, ...]) -> Item:
    return Item(name, name.title(), 2000, {"genres": (genre,), **facts}, tags=tags)


CATALOG = Catalog(
    (
        item("slash", "gore", genre="horror"),
        item("vault", "heist", cast=("Ann Lee",)),
        item("both", "gore", "heist"),
        item("pups", "dogs", genre="comedy"),
        item("undead", keywords=("bank robbery", "gory")),
        item("plain"),
    ),
    TAGS,
)


class Deaf:
    """An encoder to which all texts are alike."""

    dim = 4

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        return np.full((len(texts), self.dim), 0.5, np.float32)


@pytest.fixture(scope="module")
def prior() -> ItemPrior:
    n = len(CATALOG)
    nothing = sparse.csr_matrix((n, n), dtype=np.float32)
    blank = np.zeros((5, len(CATALOG.genres)), np.float32)
    regression = DialogueRegression(
        np.zeros(n, np.float32),
        np.zeros((n, 4), np.float32),
        np.zeros((12, 1), np.float32),
        np.zeros((1, n), np.float32),
        blank,
        np.zeros(5, np.float32),
        CATALOG.genres,
    )
    vectors = np.eye(n, 4, dtype=np.float32) + 1
    neighbours = Neighbours(nothing, nothing)
    return ItemPrior(CATALOG, vectors, neighbours, regression, Deaf(), PeopleLinker(CATALOG))  # type: ignore[arg-type]  # a stand-in


def said(*texts: str) -> Dialogue:
    turns = (Turn("assistant" if n % 2 else "user", text) for n, text in enumerate(texts))
    return Dialogue(tuple(turns))


@pytest.mark.parametrize(
    ("texts", "hidden"),
    [
        (["a heist"], set()),
        (["a heist, but nothing gory"], {"slash", "both", "undead"}),
        (["no blood please"], {"slash", "both", "undead"}),
        (["I can't stand dogs"], {"pups"}),
        (["my mum hates dogs"], {"pups"}),
        (["i hate dogs, and no horror please"], {"pups", "slash"}),
        (["no horror"], {"slash"}),
        (["no horror but a comedy"], {"slash"}),
        (["nothing with Ann Lee"], {"vault"}),
        (["no heists and no dogs"], {"vault", "both", "undead", "pups"}),
        (["nothing gory", "What then?", "ok, gory is fine after all"], set()),
        (["nothing gory", "What then?", "a heist"], {"slash", "both", "undead"}),
        (["horror", "Slash.", "for the kids now"], {"slash", "both", "undead"}),  # gory too
        (["now that the kids sleep, a film"], set()),
        (["hello", "No blood tonight?", "yes"], set()),  # what the assistant says is no refusal
    ],
)
def test_what_is_refused_is_hidden_until_it_is_wanted_again(
    prior: ItemPrior, texts: list[str], hidden: set[str]
) -> None:
    assert prior.named.refused(said(*texts)) == hidden


def test_what_is_asked_for_by_name_is_not_kept_from_children(prior: ItemPrior) -> None:
    horror, gore = frozenset([Fact("genre", "horror")]), frozenset([Fact("theme", "gore")])
    for texts, refused in (
        (["for my kids"], {horror, gore}),
        (["horror for my kids"], {gore}),
        (["for my kids", "What then?", "they sleep, horror now"], {gore}),
        (["horror", "Slash.", "for my kids now"], {horror, gore}),
        (["for my kids", "Pups.", "they are cute. now the kids are asleep"], set()),
        (["the kids are asleep"], set()),
    ):
        *_, last = prior.named.refused_facts(said(*texts))
        assert last == refused, texts


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("no horror, no drama", {"slash", "vault", "both", "undead", "plain"}),  # most of it
        ("no horror, no drama and no comedy", set()),  # all of it cannot be
        ("can't get enough of horror", set()),
        ("why not a comedy?", set()),
        ("no violence", {"slash"}),  # horror
        ("a horror film without violence", set()),
        ("comedy, not only horror", set()),
    ],
)
def test_what_cannot_be_said(prior: ItemPrior, text: str, hidden: set[str]) -> None:
    assert ItemKnowledge(prior).look(said(text)).hidden == hidden


def test_a_short_wish_for_a_subject_is_kept_to(prior: ItemPrior) -> None:
    ranker = Ranker(SIGNALS, np.zeros(len(SIGNALS), np.float32))

    def raised(*texts: str, dialogue: Dialogue | None = None) -> dict[str, float]:
        found = ItemKnowledge(prior, ranker).look(dialogue or said(*texts)).scores
        assert found is not None
        rows: list[int] = np.flatnonzero(found).tolist()
        return {CATALOG[row].id: float(found[row]) for row in rows}

    heists = dict.fromkeys(("vault", "both", "undead"), 2 * SUBJECT)
    assert raised("a heist please") == heists
    assert raised("a heist with dogs") == dict.fromkeys([*heists, "pups"], SUBJECT), "none has both"
    assert raised("something gory") == {}, "how it is, not what it is about"
    assert raised("a heist", "Vault.", "a comedy") == {}, "it was asked for before"
    assert raised("a heist", "Vault.", "seen it") == heists, "another one"
    assert raised("my aunt was in a heist " + "and then " * 10) == {}, "a story"
    liked = Turn("user", "like Vault, a heist", (Mention(5, 10, "vault"),))
    assert raised(dialogue=Dialogue((liked,))) == {}


def test_a_story_that_is_told_counts_beside_the_prior_in_full(prior: ItemPrior) -> None:
    def scores(words: str) -> NDArray[np.float32]:
        return np.array([0, 5 * (words == "a vault is robbed"), 0, 0, 0, 0], np.float32)

    weights = np.zeros(len(SIGNALS), np.float32)
    weights[SIGNALS.index("a theme you named")] = 2.0
    dialogue = said("a heist", "Vault.", "a vault is robbed")
    plain = ItemKnowledge(prior, Ranker(SIGNALS, weights), 0.5).look(dialogue)
    told: Any = SimpleNamespace(scores=scores)
    look = ItemKnowledge(prior, Ranker(SIGNALS, weights), 0.5, told).look(dialogue)
    assert look.names == (*plain.names, "the story that you tell")
    assert look.scores is not None and plain.scores is not None
    assert (look.scores - plain.scores).tolist() == [0, 5, 0, 0, 0, 0]


def test_refusals_are_heard_through_typos(prior: ItemPrior) -> None:
    look = ItemKnowledge(prior).look
    assert look(said("no horor pls")).hidden == {"slash"}
    assert look(said("a bank robery, no horror")).hidden == {"slash"}
    right = said("robberys, dogs, Ann Lee's, shouldn't, blonds")  # or nothing that is known
    assert prior.named.as_meant(right) == right
    assert prior.named.as_meant(said("a bank robery", "a bank robery")) == said(
        "a bank robbery", "a bank robery"
    )


def test_whom_a_pronoun_means_is_who_was_named_last(prior: ItemPrior) -> None:
    """Else who made the film spoken of, and who plays in it."""
    look = ItemKnowledge(prior).look
    assert look(said("one with Ann Lee", "Vault", "can't stand her actually")).hidden == {"vault"}
    assert look(said("something", "What?", "can't stand her actually")).hidden == set()
    vault = Turn("assistant", "Vault", (Mention(0, 5, "vault"),))
    talk = Dialogue((Turn("user", "a heist"), vault, Turn("user", "I can't stand her")))
    assert look(talk).hidden == {"vault"}


MADE = {
    "old": (1965, "Ann Lee"), "cold": (1985, "Bo Ray"), "gold": (1989, "Ann Lee"),
    "bold": (2016, "Bo Ray"), "when": (None, "Cy Fox"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "left"),
    [
        (["a drama"], set(MADE)),
        (["a drama from the 80s"], {"cold", "gold"}),
        (["a drama from the 80s", "Cold?", "another"], {"cold", "gold"}),
        (["a drama from the 80s", "Cold?", "newer than 2010 then"], {"bold"}),
        (["nothing older than 1989"], {"gold", "bold"}),
        (["from the 1940s", "No.", "ok"], set(MADE)),
        (["anything with Ann Lee"], {"old", "gold"}),
        (["Ann Lee movies, from the 80s"], {"gold"}),
        (["by Bo Ray or Ann Lee"], {"old", "cold", "gold", "bold"}),
        (["from the 80s", "Cold?", "no i meant the 2010s"], {"bold"}),
        (["from the 80s", "Cold?", "it doesn't have to be from the 80s"], set(MADE)),
        (["with Ann Lee", "Old?", "how about Bo Ray"], {"cold", "bold"}),
        (["with Ann Lee", "Old?", "action film, Bo Ray"], {"cold", "bold"}),
        (["with Ann Lee", "Old?", "doesn't have to be Ann Lee"], set(MADE)),
        (["Ann Lee and Bo Ray", "Old?", "no Ann Lee"], {"cold", "bold"}),
        (["with Ann Lee", "Old?", "no Ann Lee"], set(MADE) - {"old", "gold"}),
        (["with Ann Lee", "Old?", "no, i mean Cy Fox"], {"when"}),
        (["my aunt looks like Ann Lee"], set(MADE)),
        (["anything without Cy Fox"], set(MADE) - {"when"}),
        (["with Cy Fox from the 80s"], {"cold", "gold"}),  # there is none: years hold, people not
    ],
)
def test_years_and_people_asked_for_hold_where_there_is_a_film_of_them(
    texts: list[str], left: set[str]
) -> None:
    made = [
        Item(name, name, year, {"genres": ("drama",), "cast": (person,)})
        for name, (year, person) in MADE.items()
    ]
    catalog = Catalog(tuple(made))
    named = FactsNamed(catalog, PeopleLinker(catalog))
    assert MADE.keys() - unwanted(named, said(*texts), said(*texts)) == left


def test_of_several_people_asked_for_all_are_in_the_film_if_there_is_one() -> None:
    casts = {"alone": ("Ann Lee",), "too": ("Bo Ray",), "both": ("Ann Lee", "Bo Ray"), "none": ()}
    catalog = Catalog(tuple(Item(n, n, 2000, {"cast": cast}) for n, cast in casts.items()))
    named = FactsNamed(catalog, PeopleLinker(catalog))
    talk = said("with Ann Lee and Bo Ray")
    assert unwanted(named, talk, talk) == casts.keys() - {"both"}
    seen = Dialogue((Turn("user", "both", (Mention(0, 4, "both"),)), *talk.turns))
    assert not unwanted(named, seen, seen), "nobody else has both, and it was named already"
    either = said("Ann Lee or Bo Ray")
    assert unwanted(named, either, either) == {"none"}


def test_what_was_named_already_is_no_film_of_those_years(prior: ItemPrior) -> None:
    catalog = Catalog(tuple(Item(n, n, year, {}) for n, (year, _) in MADE.items()))
    named = FactsNamed(catalog, PeopleLinker(catalog))
    told = Turn("assistant", "old", (Mention(0, 3, "old"),))
    talk = said("from the 60s").say(told).say(Turn("user", "another"))
    assert not unwanted(named, talk, talk)


def test_a_theme_counts_for_the_items_that_have_it_the_rarer_the_more(prior: ItemPrior) -> None:
    place = SIGNALS.index("a theme you named")
    heist = prior.signals(said("a bank robbery"))[place]
    assert heist == pytest.approx([0, np.log(2), np.log(2), 0, np.log(2), 0])
    both = prior.signals(said("a bank robbery with a dog"))[place]
    assert both[3] == pytest.approx(np.log(6)) and both[3] > both[1]


def test_a_refused_theme_is_no_wish(prior: ItemPrior) -> None:
    place = SIGNALS.index("a theme you named")
    assert not prior.signals(said("nothing gory"))[place].any()


def test_a_refusal_narrows_the_wish_from_before_and_is_no_new_one(prior: ItemPrior) -> None:
    """The stand-in's regression finds it as probable as not that anything asks afresh."""
    given = Turn("assistant", "Plain", (Mention(0, 5, "plain"),))
    before = Dialogue((Turn("user", "a heist"), given))
    refusing = before.say(Turn("user", "no dogs please"))
    assert prior.relevant(refusing) == refusing
    asking = before.say(Turn("user", "a film with dogs, nothing gory"))
    assert prior.relevant(asking).turns == asking.turns[-1:]


def test_instead_and_something_like_give_up_what_was_wished_before(
    prior: ItemPrior, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = Turn("assistant", "Plain", (Mention(0, 5, "plain"),))
    before = Dialogue((Turn("user", "a heist"), given))
    named = (Mention(15, 20, "plain"),)
    # as if by their words alone none of them asked for something else
    monkeypatch.setattr(type(prior.regression), "asked", lambda self, words: np.zeros(len(words)))
    for text in ("something like plain", "ok instead"):
        asking = before.say(Turn("user", text, named if "plain" in text else ()))
        assert prior.relevant(asking).turns == asking.turns[-1:], text
    for text in ("no dogs instead", "what is it like"):
        going_on = before.say(Turn("user", text))
        assert prior.relevant(going_on) == going_on, text


def test_of_several_wishes_the_newest_counts(prior: ItemPrior) -> None:
    given = Turn("assistant", "Plain", (Mention(0, 5, "plain"),))
    talk = Dialogue((Turn("user", "a drama"), given, Turn("user", "a heist")))
    talk = talk.say(Turn("assistant", "Old?")).say(Turn("user", "a comedy with dogs"))
    assert prior.relevant(talk).turns == talk.turns[-1:]
    refusing = talk.say(Turn("assistant", "Small ones?")).say(Turn("user", "no blood"))
    assert prior.relevant(refusing).turns == refusing.turns[-3:]


@pytest.mark.parametrize(
    ("text", "likes"),
    [
        ("nothing like plain", []),
        ("i hate plain", []),
        ("anything but plain", []),
        ("a heist but not plain", []),
        ("too much like plain", []),
        ("i can't stand vault and plain", []),
        ("i liked vault, not plain", ["vault"]),
        ("i hate blood. plain was good", ["plain"]),
        ("not as sad as plain", ["plain"]),
        ("like plain but not sad", ["plain"]),
        ("any dogs besides plain?", ["plain"]),
        ("i have never seen plain", ["plain"]),
    ],
)
def test_what_is_disliked_is_no_film_that_others_should_be_like(
    prior: ItemPrior, text: str, likes: list[str]
) -> None:
    named = (re.search(name, text) for name in ("vault", "plain"))
    mentions = tuple(Mention(*one.span(), one[0]) for one in named if one)
    disliked = Dialogue((Turn("user", text, mentions),))
    rows = prior._items(disliked)
    assert [CATALOG[row].id for row in rows] == likes
