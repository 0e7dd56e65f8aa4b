"""What is refused is told from what is wanted, in the ways people say either."""

from __future__ import annotations

import pytest

from crsdemo.language.refusals import refusals, wanted, wanted_again


def refused(text: str) -> list[str]:
    return [refusal.what for refusal in refusals(text)]


@pytest.mark.parametrize(
    "said",
    [
        "no {}", "one of us hates {}", "nothing with {}", "without {} please", "not into {}",
        "i'm not a fan of {}", "my wife doesn't do {}", "she's not a {} person", "anything but {}",
        "{} isn't my thing", "{} is not for me", "never watch {}", "can't stand {}", "no more {}",
        "could do without {}", "too much {} for me", "keep the {} out", "i won't watch {}",
        "{} makes me sick", "{} scares my mum", "{} is a no", "tired of {}", "less {}, more talk",
        "avoid {}", "a film without any {}", "i dont like {}", "fed up with {}", "{} bores me",
        "rather not watch {}", "a comedy, but not {}", "allergic to {}",
        "instead of {} anything", "rather than {}, something else", "i hate it when there are {}",
        "it shouldnt be {}", "something w/out {}", "pass on {}", "thumbs down for {}",
        "{} = no", "not overly {}", "a comedy, no {} please",
        "war is fine, {} are not, ok", "what about no {}",
    ],
)  # fmt: skip
def test_a_refusal_is_heard(said: str) -> None:
    text = said.format("westerns")
    assert "westerns" in " ".join(refused(text)).split(), refused(text)
    assert "westerns" not in wanted(text)


@pytest.mark.parametrize(
    "said",
    [
        "{}", "i can't get enough of {}", "why not {}?", "not only {}", "not just {}",
        "i don't mind {}", "never get tired of {}", "don't you have {}?", "isn't there {}?",
        "keep the {} coming", "haven't seen {} in ages", "no problem, {}", "no thanks, {}",
        "not sure, maybe {}", "less talk, more {}", "less talking more {}", "no idea. {}?",
        "nothing beats {}", "can't go wrong with {}", "i hate war but love {}", "no, i want {}",
        "not that, {}", "{} or not, i like both", "i'm not familiar with {}",
        "who doesn't like {}?",
    ],
)  # fmt: skip
def test_what_only_sounds_like_one_is_none(said: str) -> None:
    text = said.format("westerns")
    assert "westerns" not in " ".join(refused(text))
    assert "westerns" in wanted(text)


def test_several_are_heard_each() -> None:
    assert [what.strip() for what in refused("no drama, no comedy, but action")] == [
        "drama",
        "comedy",
    ]
    assert wanted("horror but not slasher").split() == ["horror", "but"]


def test_love_is_refused_and_ends_a_refusal() -> None:
    assert [what.strip() for what in refused("no love stories")] == ["love stories"]
    assert [what.strip() for what in refused("cops but no love stuff")] == ["love stuff"]
    assert [what.strip() for what in refused("no horror love comedies")] == ["horror"]


@pytest.mark.parametrize(
    "text",
    [
        "horror if possible, no romance",
        "more horror than comedy",
        "not in the mood for romance, horror please",
        "no romance - horror!",
        "romance? no. horror.",
        "i hate romance so horror",
        "not a comedy but horror",
        "rather horror than comedy",
        "anything but comedy, so horror",
        "horror instead of comedy",
        "instead of comedy give me horror",
        "rather than comedy, horror",
        "i'd rather watch horror than a comedy",
        "i prefer horror over comedy",
        "i prefer to watch horror",
        "i'd rather have horror older than comedy",
        "skip the comedy and watch horror",
        "i'm not into comedy unless it is horror",
        "a comedy-free evening, horror",
    ],
)
def test_of_two_only_the_other_is_refused(text: str) -> None:
    assert "horror" not in " ".join(refused(text))
    assert "horror" in wanted(text)


@pytest.mark.parametrize(
    "text",
    [
        "i'd rather watch horror than a comedy",
        "i prefer horror over comedy",
        "sooner a horror film than comedy",
        "instead of comedy give me horror",
        "rather than comedy, horror",
        "not too much comedy, horror",
    ],
)
def test_what_something_else_is_preferred_to_is_no_wish(text: str) -> None:
    assert "comedy" not in wanted(text) and "horror" in wanted(text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("i hate westerns, musicals, horror, dramas, comedies", ""),
        ("i hate westerns, musicals, and horror", ""),
        ("i hate westerns, musicals and horror but a comedy is good", "but a comedy is good"),
        ("i dislike horror, westerns, war movies", ""),
        ("i hate westerns, a comedy please", ", a comedy please"),
        ("i hate westerns, comedy, thanks", ", comedy, thanks"),
        ("i hate  , westerns and horror", ""),
        ("i hate westerns, and horror is great", ", and horror is great"),
        ("i hate westerns, comedies and dramas are fine", ", comedies and dramas are fine"),
    ],
)
def test_a_list_is_refused_as_a_whole(text: str, left: str) -> None:
    kept = wanted(text)
    assert kept.removeprefix("i ").strip() == left


@pytest.mark.parametrize(
    "behind",
    [
        "im after {}", "id like {}", "ive always liked {}", "gimme {}", "need {}", "ideally {}",
        "preferably {}", "can you do {}", "could you find {}", "do you have {}", "got any {}",
        "how bout {}", "its {} we want", "it's got to be {}", "i'm up for {}", "can we have {}",
        "we need {}",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "before", ["no {}", "i hate {}", "not in the mood for {}", "nothing with {}"]
)
def test_a_refusal_without_a_comma_ends_where_a_wish_begins(before: str, behind: str) -> None:
    text = f"{before.format('horror')} {behind.format('westerns')}"
    assert "horror" in " ".join(refused(text)) and "horror" not in wanted(text)
    assert "westerns" not in " ".join(refused(text)) and "westerns" in wanted(text)


@pytest.mark.parametrize(
    "text",
    [
        "im over horror", "im so over horror", "im totally over horror", "no thanks to horror",
        "no thank you to horror", "horror free", "horror free please",
        "something funny, horror free.", "horror no", "horror films no", "horror no, comedy yes",
        "comedy yes, horror no", "comedy yes horror no", "horror nope", "horror no thanks",
        "enough horror", "Enough horror. A comedy", "enough horror films, a comedy",
        "anything unless it's a horror", "i'm fine with whatever unless its horror",
        "something funny unless that is horror", "any film unless it's horror",
        "horror does nothing for me", "horror did nothing for us",
        "scary films do nothing for my wife, horror does nothing for her", "we do not need horror",
        "i don't need any horror",
    ],
)  # fmt: skip
def test_a_refusal_in_few_or_odd_words_is_heard(text: str) -> None:
    assert "horror" in " ".join(refused(text)), refused(text)
    assert "horror" not in wanted(text) and "comedy" not in " ".join(refused(text))


@pytest.mark.parametrize(
    "text",
    [
        "i scare easily", "im easily scared", "easily scared here", "we scare very easily",
        "my wife scares easily", "nothing to scare the kids", "nothing to frighten my scared mum",
        "the kids are easily scared", "my son gets scared very easily",
    ],
)  # fmt: skip
def test_who_is_scared_easily_asks_for_nothing_scary(text: str) -> None:
    assert "scare" not in wanted(text)


@pytest.mark.parametrize(
    "text",
    [
        "no more like a horror", "no a horror", "no an old horror", "no the horror one",
        "no make it horror", "no try horror", "no more like something in horror",
        "is the horror free?", "some horror for free",
        "horror, i'm free tonight", "horror no matter what", "horror, no?",
        "you know some good horror no", "i scare easily horror fans say",
        "she gets scared easily but loves horror", "horror no question",
        "don't bother unless it's a horror", "i'm not into romance unless it's horror",
        "unless it's horror i won't watch it", "i hate everything unless it is horror",
        "nothing to lose, horror", "there's nothing to watch, horror then", "with enough horror",
        "i don't scare easily, so horror", "i'm over 40 and like horror",
        "enough talk. horror",
    ],
)  # fmt: skip
def test_what_only_looks_like_one_of_few_words_is_none(text: str) -> None:
    assert "horror" not in " ".join(refused(text)), refused(text)
    assert "horror" in wanted(text)


@pytest.mark.parametrize("text", ["no more horror", "no more horror please", "no more like horror"])
def test_no_more_is_a_refusal(text: str) -> None:
    assert "horror" in " ".join(refused(text)) and "horror" not in wanted(text)


@pytest.mark.parametrize(
    "text",
    [
        "is it scary?", "was it made before scary films?", "does it have a scary end",
        "so is it scary",
        "how scary is it?", "and is that a scary one?", "will it be too scary",
        "isnt it a bit scary",
        "too scary", "way too scary", "still too scary for me", "looks scary",
        "sounds really scary",
        "hmm, did they make it scary", "yes. is this scary or what",
    ],
)  # fmt: skip
def test_what_is_asked_or_said_of_the_film_is_no_wish(text: str) -> None:
    assert "scary" not in wanted(text)


@pytest.mark.parametrize(
    "text",
    [
        "is there anything scary?", "could it be scary", "can it be scary?", "something scary too",
        "is it possible to get something scary", "is it ok if we watch a scary one",
        "the main thing is it has to be scary", "is it a comedy? i want scary",
        "is it old but scary", "what i want is that it be scary",
        "is it the film where a scary man robs a bank", "it can't be too scary for me",
        "something that looks scary", "a film that sounds scary",
        "has he made any scary ones?", "what was that scary film with the robot",
    ],
)  # fmt: skip
def test_what_only_sounds_like_it_is_a_wish(text: str) -> None:
    assert "scary" in wanted(text)


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("that's a western", False),
        ("but thats a western", False),
        ("it is a western!", False),
        ("this was a western, wasn't it", False),
        ("it's fine if it's a western", True),
        ("it has to be a western", True),
        ("a western then", True),
        ("ok, that's western night", True),
        ("it's a robot i want, in a western", True),
        ("something that is a western", True),
    ],
)
def test_who_describes_a_film_does_not_ask_for_what_was_refused(text: str, asks: bool) -> None:
    assert "western" in wanted(text)
    assert ("western" in wanted_again(text)) == asks
