"""Limits for which a catalog has no field are told as such, and nothing else is."""

from __future__ import annotations

import pytest

from crsdemo.language.limits import limits_set

SET = {
    "something under 90 minutes": ["length: under 90 minutes"],
    "a comedy, two hours max": ["length: two hours max"],
    "less than an hour and a half would be great": ["length: less than an hour and a half"],
    "not too long please": ["length: not too long"],
    "a short film": ["length: short"],
    "a french film": ["country: France"],
    "something French": ["country: France"],
    "any good korean thrillers?": ["country: Korea"],
    "a movie from Brazil": ["country: Brazil"],
    "films made in the UK": ["country: the United Kingdom"],
    "bollywood please": ["country: India"],
    "an italian neorealist drama, or a japanese one": ["country: Japan"],
    "a drama in spanish": ["language: Spanish"],
    "a french-language thriller": ["language: French"],
    "something in french with a happy end": ["language: French"],
    "is there one in Latin?": ["language: Latin"],
    "is it on Max or on sky?": ["where to see it: max", "where to see it: sky"],
    "some Oscar winners": ["awards: oscar winners"],
    "no subtitles please": ["language: no subtitles"],
    "a film that won an oscar": ["awards: won an oscar"],
    "award-winning dramas": ["awards: award-winning"],
    "is it PG-13?": ["age rating: pg-13"],
    "rated R only": ["age rating: rated r"],
    "for my 6 year old": ["age rating: 6 year old"],
    "something on Netflix": ["where to see it: netflix"],
    "with an imdb rating above 7.5": ["ratings: imdb rating above 7.5"],
    "highly rated comedies": ["ratings: highly rated"],
    "a low-budget horror": ["money: low-budget"],
    "nothing over 2 hours": ["length: nothing over 2 hours"],
    "nothing that's longer than two hours": ["length: nothing that's longer than two hours"],
    "not over 90 min": ["length: not over 90 min"],
    "nothing above 100 minutes please": ["length: nothing above 100 minutes"],
    "something short": ["length: short"],
    "keep it short please": ["length: short"],
    "something nice and short, and funny": ["length: nice and short"],
    "anything shorter?": ["length: shorter"],
    "it should be short": ["length: short"],
    "english only": ["language: English"],
    "Italian only please": ["language: Italian"],
    "i only have netflix": ["where to see it: netflix"],
    "we've got Disney+ and that's it": ["where to see it: disney+"],
    "I just have amazon prime, a comedy": ["where to see it: amazon prime"],
    "something my 6 year old can watch": ["age rating: 6 year old"],
    "a film our two-year-old could watch": ["age rating: two-year-old"],
    "for my 8yo": ["age rating: 8yo"],
    "ok for a 10 yo?": ["age rating: 10 yo"],
    "for my six year old": ["age rating: six year old"],
    "for a 7 and 9 year old": ["age rating: 7 and 9 year old"],
    "for my 12yr old": ["age rating: 12yr old"],
    "r rated": ["age rating: r rated"],
    "R rated comedies": ["age rating: r rated"],
    "x-rated": ["age rating: x-rated"],
    "a short german film with awards under 2 hours": [
        "length: short", "length: under 2 hours", "awards: with awards", "country: Germany",
    ],
}  # fmt: skip
UNSET = (
    "a comedy", "i watched it two hours ago", "long time no see", "a film set in France",
    "about the french revolution", "my wife is german", "they speak about love",
    "a western from the 60s", "i like american history", "the english patient", "no idea",
    "it is rated by nobody", "a story about a prime minister", "i live in Spain",
    "i am 30 years old", "we saw it at the weekend", "the polish on the car", "turkey for dinner",
    "us too", "give us a film", "what a long day", "a drama set in Latin America",
    "in Spanish Harlem", "starring Oscar Isaac", "with Emmy Rossum", "anything by Oscar Wilde",
    "a film from Max Ophuls", "it is on max's list",
    "something short on plot", "anything short of a miracle", "to keep it short, a western",
    "u rated it well", "they rated it", "i have max two questions", "i have prime suspects in mind",
    "only english people would laugh at it", "i have a six year old", "my son, 8, loved it",
    "we have a netflix allergy", "i am a 30 year old man", "a 20 year old film",
)  # fmt: skip


@pytest.mark.parametrize("text", SET)
def test_a_limit_is_heard(text: str) -> None:
    assert sorted(map(str, limits_set(text))) == sorted(SET[text])


@pytest.mark.parametrize("text", UNSET)
def test_what_sets_no_limit_is_none(text: str) -> None:
    assert list(map(str, limits_set(text))) == []


def test_what_the_catalog_has_a_field_for_is_known() -> None:
    text = "a french film under 90 minutes"
    assert [str(one) for one in limits_set(text, ["country"])] == ["length: under 90 minutes"]
