"""The baselines rank, respect what is excluded and planned, and say what they are."""

from typing import Any

from crsdemo.core.catalog import Catalog, Item
from crsdemo.core.dialogue import Dialogue, Mention, Turn
from crsdemo.core.recommender import Plan, Recommender, reply
from crsdemo.recommenders.popularity import Popularity, RepeatLast

CATALOG = Catalog(
    tuple(
        Item(id, title, 2000, popularity=count)
        for id, title, count in [
            ("a", "Anna", 1),
            ("b", "Boat", 7),
            ("c", "Cave", 3),
            ("d", "Dim", 3),
        ]
    )
)


def said(*turns: tuple[str, list[str]]) -> Dialogue:
    return Dialogue(
        tuple(
            Turn(speaker, "x" * len(ids), tuple(Mention(n, n + 1, i) for n, i in enumerate(ids)))  # type: ignore[arg-type]  # one of the two
            for speaker, ids in turns
        )
    )


def ranked(
    recommender: Recommender, dialogue: Dialogue = Dialogue(), k: int = 4, **options: Any
) -> list[str]:
    return [r.item.id for r in recommender.recommend(dialogue, k, **options)]


def test_popularity_ranks_by_mentions_and_ties_by_catalog_order() -> None:
    assert ranked(Popularity(CATALOG)) == ["b", "c", "d", "a"]
    assert ranked(Popularity(CATALOG), k=2, exclude=frozenset("b")) == ["c", "d"]
    assert ranked(Popularity(CATALOG), k=0) == []


def test_repeat_last_names_the_context_last_first_and_goes_on_with_the_popular() -> None:
    dialogue = said(("user", ["a", "c"]), ("assistant", ["b"]), ("user", ["a", "outside"]))
    assert ranked(RepeatLast(CATALOG), dialogue) == ["a", "b", "c", "d"]
    assert ranked(RepeatLast(CATALOG), dialogue, k=3, exclude=frozenset("ab")) == ["c", "d"]
    scores = [r.score for r in RepeatLast(CATALOG).recommend(dialogue, 4)]
    assert scores == sorted(scores, reverse=True)


def test_the_reply_recommends_the_best_item_that_was_not_named_and_names_no_system() -> None:
    answer = reply(Popularity(CATALOG), said(("user", ["b"])))
    assert answer.complete and answer.mode == "REC" and answer.item == CATALOG.item("c")
    assert answer.text == "People often talk about Cave (2000)."
    assert [c.item.id for c in answer.evidence.candidates] == ["c", "d", "a"]
    assert answer.provenance.catalog_sha256 == CATALOG.fingerprint


def test_repeat_last_repeats_in_its_reply_unless_told_to_avoid_it() -> None:
    dialogue = said(("user", ["c"]))
    assert reply(RepeatLast(CATALOG), dialogue).item == CATALOG.item("c")
    avoided = reply(RepeatLast(CATALOG), dialogue, Plan(avoid=frozenset("c")))
    assert avoided.item == CATALOG.item("b")


def test_plans_for_an_item_or_for_chat_are_kept() -> None:
    assert reply(Popularity(CATALOG), Dialogue(), Plan(item_id="a")).item == CATALOG.item("a")
    chat = reply(Popularity(CATALOG), Dialogue(), Plan(mode="CHAT"))
    assert chat.mode == "CHAT" and chat.item is None and not chat.turn().mentions


def test_when_everything_was_named_nothing_is_recommended() -> None:
    answer = reply(Popularity(CATALOG), said(("user", ["a", "b", "c", "d"])))
    assert answer.item is None and answer.mode == "CHAT" and "nothing is left" in answer.text
