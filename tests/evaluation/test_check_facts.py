"""The checker finds what is false in a reply and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from films import BY_TITLE, CATALOG

from crsdemo.core.catalog import Item
from crsdemo.core.dialogue import Dialogue, Speaker, Turn
from crsdemo.core.recommender import Mode, Plan, Reply
from crsdemo.evaluation.checks.check_facts import Checked, check, render
from crsdemo.evaluation.checks.facts import FactJudge
from crsdemo.language.mentions import MentionLinker
from crsdemo.recommenders.popularity import Popularity

LINKER = MentionLinker(CATALOG)
JUDGE = FactJudge(CATALOG, LINKER)
ALIEN, HEAT, TOY_STORY = BY_TITLE["Alien"], BY_TITLE["Heat"], BY_TITLE["Toy Story"]


def said(*texts: str) -> Dialogue:
    """The user's turn after earlier ones of user and assistant."""
    dialogue = Dialogue()
    for n, text in enumerate(texts):
        speaker: Speaker = "assistant" if (len(texts) - n) % 2 == 0 else "user"
        dialogue = dialogue.say(Turn(speaker, text, LINKER.link(text, dialogue)))
    return dialogue


def wrong(*pieces: str | Item, user: Dialogue | None = None) -> list[tuple[str, str]]:
    """(kind, words) of each false claim; a reply with an item recommends the last one."""
    items = [piece for piece in pieces if isinstance(piece, Item)]
    mode: Mode = "REC" if items else "CHAT"
    answer = Reply(tuple(pieces), mode, items[-1] if items else None)
    claims = JUDGE.claims(user or said("hello"), answer)
    return [(claim.kind, claim.said) for claim in claims if claim.wrong]


def n_right(*pieces: str | Item, kind: str) -> int:
    items = [piece for piece in pieces if isinstance(piece, Item)]
    claims = JUDGE.claims(said("hello"), Reply(tuple(pieces), "REC", items[-1]))
    assert not [claim for claim in claims if claim.wrong]
    return sum(claim.kind == kind for claim in claims)


def test_true_facts_are_read_and_found_right() -> None:
    pieces = ("Try ", ALIEN, ", a horror film by Ridley Scott from 1979 with Sigourney Weaver.")
    assert {kind: n_right(*pieces, kind=kind) for kind in ("film", "person", "year", "genre")} == {
        "film": 1,
        "person": 2,
        "year": 1,
        "genre": 1,
    }


@pytest.mark.parametrize(
    ("words", "claim"),
    [
        (", with Tom Hanks.", ("person", "Tom Hanks")),
        (". It was made in 1985.", ("year", "1985")),
        (", a hit of the eighties.", ("year", "eighties")),
        (", it is so 90s.", ("year", "90s")),
        (", from the 1980s.", ("year", "1980s")),
        (", a charming comedy.", ("genre", "comedy")),
        (", the best western ever.", ("genre", "western")),
        (" is an animated classic.", ("genre", "animated")),
        (", a rom-com.", ("genre", "rom-com")),
        (", a nice family film.", ("genre", "family")),
        (". It is not a horror film.", ("genre", "not a horror")),
        (". I like it even more than Jurassic Park.", ("film", "Jurassic Park")),
        (", by the great Zorba Quimby.", ("name", "Zorba Quimby")),
    ],
)
def test_every_kind_of_false_claim_is_found(words: str, claim: tuple[str, str]) -> None:
    assert wrong("Try ", ALIEN, words) == [claim]


def test_an_item_that_is_not_in_the_catalog_is_wrong() -> None:
    assert wrong("Try ", Item("x", "Alien Cousins", 1999)) == [("film", "Alien Cousins (1999)")]
    assert wrong("Try ", replace(HEAT, year=1999)) == [("film", "Heat (1999)")]


def test_what_the_user_named_may_be_named_again() -> None:
    user = said("something with Tom Hanks from the eighties, like Jurassic Park")
    words = "No Tom Hanks in the eighties here, but as good as Jurassic Park: "
    assert wrong(words, ALIEN, user=user) == []
    assert len(wrong(words, ALIEN)) == 3


def test_a_film_that_was_spoken_of_before_may_be_named_again() -> None:
    user = said("I loved Heat", "Me too.", "really?")
    assert wrong("Yes, Heat is a fine film.", user=user) == []
    assert wrong("Yes, Heat is a fine film.") == [("film", "Heat")]


def test_a_genre_is_judged_by_the_film_of_its_sentence() -> None:
    assert wrong("If ", HEAT, " was too dark, ", TOY_STORY, " is a comedy.") == []
    assert wrong("I know ", TOY_STORY, ". A comedy is also ", HEAT, ".") == [("genre", "comedy")]


def test_a_person_and_a_year_are_judged_by_the_film_of_their_sentence() -> None:
    assert wrong("If ", HEAT, " by Michael Mann is too long, ", ALIEN, " is not.") == []
    assert wrong("I know ", HEAT, ". Ridley Scott made ", ALIEN, " in 1979.") == []
    assert wrong(ALIEN, " is by Michael Mann. Then there is ", HEAT, " of 1995.") == [
        ("person", "Michael Mann")
    ]
    assert wrong(HEAT, " was made in 1979. So see ", ALIEN) == [("year", "1979")]


def test_a_recommendation_whose_words_leave_it_out_is_counted() -> None:
    answer = Reply((HEAT, " has Sigourney Weaver in it."), "REC", ALIEN)
    claims = JUDGE.claims(said("hello"), answer)
    assert [claim.said for claim in claims if claim.wrong] == ["Sigourney Weaver"]
    replies = [Checked(said("hello"), answer, claims)]
    assert "do not name their film: 1" in render("test", replies)


def test_ordinary_words_are_no_film_unless_written_as_a_name() -> None:
    assert wrong("Up to you. Or scream, and heat it up. ", ALIEN) == []
    assert wrong("Better than Scream, surely: ", ALIEN) == [("film", "Scream")]
    assert wrong("as good as jurassic park: ", ALIEN) == [("film", "jurassic park")]


def test_questions_and_talk_about_no_film_claim_no_genre() -> None:
    assert wrong("Do you like horror, or a western from the eighties?") == []
    assert wrong('You may say "a comedy from the eighties".') == []
    assert wrong("Try ", HEAT, ". Or would you rather have a comedy?") == []


def test_it_is_a_comedy_is_about_the_film_spoken_of_before() -> None:
    user = said("what about Heat", "A good one.", "is it a comedy?")
    assert wrong("Yes, it is a comedy.", user=user) == [("genre", "comedy")]
    assert wrong("No, it is not a comedy. It is a thriller.", user=user) == []


def test_titles_keywords_and_ages_are_no_claims() -> None:
    film = BY_TITLE["The Good, the Bad and the Ugly"]
    assert wrong("For 'gold' there is ", film, ", for people in their 30s.") == []
    assert wrong(BY_TITLE["Gladiator"], " shows Ancient Rome.") == []


@dataclass(frozen=True)
class Liar(Popularity):
    """Says of every film that Zorba Quimby made it in 1899, but only when thanked not."""

    def stream(self, dialogue: Dialogue, plan: Plan = Plan()) -> Iterator[Reply]:
        for answer in super().stream(dialogue, plan):
            lie = " It was made by Zorba Quimby in 1899."
            yield replace(answer, pieces=(*answer.pieces, lie))


def test_the_report_counts_claims_and_shows_the_wrong_ones() -> None:
    replies = check(Liar(CATALOG), CATALOG, LINKER, 12)
    assert len(replies) == 12 and all(one.is_wrong for one in replies)
    text = render("liar", replies)
    assert "year        12 claims   12 wrong" in text
    assert re.search(r"film +\d+ claims +0 wrong", text)
    assert "12 replies read (12 REC)" in text
    assert "year '1899': WRONG" in text
    assert "replies with a wrong claim: 12" in text


def test_a_recommender_that_tells_no_lies_has_nothing_wrong() -> None:
    replies = check(Popularity(CATALOG), CATALOG, LINKER, 40)
    assert len(replies) == 40
    assert not any(one.is_wrong for one in replies)
    assert "WRONG" not in render("popularity", replies, verbose=True)
    assert len({checked.dialogue for checked in replies}) == 40
    assert max(len(checked.dialogue.turns) for checked in replies) >= 5


def test_the_conversations_are_the_same_every_time_and_varied() -> None:
    first = check(Popularity(CATALOG), CATALOG, LINKER, 150)
    again = check(Popularity(CATALOG), CATALOG, LINKER, 150)
    said = [c.dialogue.turns[-1].text for c in first]
    assert said == [c.dialogue.turns[-1].text for c in again]
    assert len(set(said)) > 60
