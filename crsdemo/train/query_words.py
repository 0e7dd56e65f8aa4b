"""The words by which people ask for genres, moods and keywords, and how a query says these."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from crsdemo.train.phrases_themes import ADJECTIVES, AFTER, AS_SAID, KINDS
from crsdemo.wish_words import beginning

# What means a keyword beside its own words
KEYWORDS = {
    "based on a book": r"books?\b|novels?\b|adapt",
    "based on a comic": r"comics?\b|graphic novel|marvel|dc\b",
    "based on a true story": r"true stor|true events|real[- ]life|real stor|actually happened",
    "based on a video game": r"video ?games?\b",
    "aliens": r"extraterrestrial|ufos?\b",
    "artificial intelligence": r"ai\b|a\.i\.|thinking machine",
    "chick flick": r"girls'? night|girly",
    "christmas": r"xmas|santa|holidays?\b",
    "coming of age": r"coming-of-age|growing up",
    "courtroom": r"court\b|lawyer|trial",
    "dark comedy": r"dark humou?r|black comed|dark comed",
    "detective": r"sleuth|whodunn?it",
    "espionage": r"sp(?:y|ies)\b|secret agent|bond\b",
    "father and daughter": r"my daughter",
    "feel-good": r"feel good|uplift|heart-?\s?warm|light-?\s?hearted|cheer|happy",
    "gangsters": r"mafia|mob(?:ster)?s?\b|gangs?\b",
    "ghosts": r"haunt|paranormal",
    "gory": r"gore\b|blood|slasher",
    "heist": r"robber|bank job",
    "high school": r"teen",
    "hitman": r"assassin|hit ?m[ae]n",
    "inspirational": r"inspir|uplift",
    "magic": r"wizard|witch|spells?\b",
    "martial arts": r"karate|kung fu|bruce lee|jackie chan",
    "military": r"army|soldiers?\b|marines?\b|navy",
    "mind-bending": r"mind[- ]?(?:bend|blow|twist)|trippy|twist|makes? (?:me|you) think",
    "monsters": r"creatures?\b|godzilla|kaiju",
    "musicians": r"bands?\b|singers?\b|music",
    "pixar": r"toy story",
    "police": r"cops?\b",
    "post-apocalyptic": r"apocalyp|end of the world",
    "robots": r"androids?\b",
    "romantic comedy": r"rom-?\s?com|romantic comed",
    "sad": r"cry\b|crying|tears?\b|tear-?\s?jerk|weep",
    "scary": r"scar[eiy]|creep|spook|terrif|fright|nightmare",
    "space": r"astronaut|nasa\b|galax|planets?\b",
    "superhero": r"super[- ]hero|marvel|dc\b|avengers|batman|spider-?man",
    "supernatural": r"paranormal|ghost|demon|possess",
    "survival": r"surviv",
    "teen": r"teen|high school",
    "twist ending": r"twist|surprise ending",
    "vampires": r"dracula",
    "world war ii": r"ww ?(?:ii|2)\b|world war (?:2|two)|second world war|nazi|hitler|holocaust",
    "zombies": r"undead|walking dead",
}

# Keywords said differently from a wish, and some that say nothing of use to a search
TOPICS = {
    "teen": "teenagers", "school": "school", "god": "God", "art": "art", "suicide": "suicide",
    "18th century": "the 18th century", "us history": "American history",
    "southern theme": "the American South", "switching places": "people who switch places",
    "jewish life": "Jewish life", "india": "India", "beatles": "the Beatles", "canada": "Canada",
    "new orleans": "New Orleans", "american civil war": "the American civil war",
    "spain": "Spain", "argentina": "Argentina", "antarctica": "Antarctica", "hip hop": "hip hop",
    "hannibal lecter": "Hannibal Lecter", "indiana jones": "Indiana Jones",
    "south africa": "South Africa", "monty python": "Monty Python", "star trek": "Star Trek",
    "rio de janeiro": "Rio de Janeiro", "classic car": "classic cars", "monkey": "monkeys",
    "airport": "airports", "revolution": "a revolution", "transgender": "transgender people",
    "19th century": "the 19th century", "imaginary friend": "imaginary friends",
    "beauty pageant": "beauty pageants", "crime family": "crime families",
}  # fmt: skip
BEFORE_FILM = {"disney": "Disney", "pixar": "Pixar", "pixar animation": "Pixar",
               "slasher": "slasher", "satire": "satire", "slapstick": "slapstick"}  # fmt: skip
SILENT = frozenset([
    "sequel", "prequel", "remake", "ensemble cast", "multiple storylines",
    "non-hollywood ending", "saturday night live", "handycam", "based on a tv show",
])  # fmt: skip
# A kind of film that says these genres too
SAYS = {
    "romantic comedy": ("romance", "comedy"), "dark comedy": ("comedy",),
    "love story": ("romance",), "slapstick": ("comedy",), "satire": (), "slasher": ("horror",),
    "screwball comedy": ("comedy",), "british comedy": ("comedy",), "sex comedy": ("comedy",),
    "stand-up comedy": ("comedy",), "parody": ("comedy",), "spoof": ("comedy",),
    "computer animation": ("animation",), "cartoon": ("animation",), "anime": ("animation",),
    "stop motion": ("animation",), "murder mystery": ("mystery",), "family drama": ("drama",),
    "costume drama": ("drama",), "noir thriller": ("thriller", "film noir"),
    "high fantasy": ("fantasy",), "dark fantasy": ("fantasy",),
    "spaghetti western": ("western",), "film noir": ("film noir",),
    "pixar": ("animation",), "disney": (), "chick flick": ("romance",),
}  # fmt: skip
WHOLE = ("film", "movie", "flick", "story", "tale", "study", "piece")  # these need no "film"


@dataclass(frozen=True)
class Mood:
    """A quality that people name instead of a genre, and the facts of films that have it."""

    name: str  # as a query says it
    pattern: re.Pattern[str]
    genres: frozenset[str]
    keywords: frozenset[str] = frozenset()

    @classmethod
    def of(cls, name: str, pattern: str, genres: str, keywords: str = "") -> Mood:
        sets = (frozenset(filter(None, words.split("|"))) for words in (genres, keywords))
        return cls(name, re.compile(rf"\b(?:{pattern})", re.IGNORECASE), *sets)


MOODS = (
    Mood.of("scary", r"scar[eiy]|scared|spook|creep|terrif|fright|nightmare|jump", "horror"),
    Mood.of("funny", r"fun+y|funnier|laugh|hilarious|humou?r|silly|goofy|crack me up", "comedy"),
    Mood.of("sad", r"sad\b|sadder|cry\b|tear|weep|heart-?breaking", "drama|romance", "sad"),
    Mood.of(
        "feel-good",
        r"feel[- ]?good|uplift|heart-?\s?warm|light-?\s?hearted|cheer|cosy|cozy|happy|comfort",
        "comedy|family|romance|musical|animation",
        "feel-good|inspirational",
    ),
    Mood.of(
        "suspenseful",
        r"suspens|tense|tension|edge of my seat|gripping|nail-?\s?bit",
        "thriller|mystery|horror",
    ),
    Mood.of(
        "mind-bending",
        r"mind[- ]?(?:bend|blow|twist)|trippy|twist|makes? (?:me|you) think|mess\w* with|clever",
        "mystery|science fiction",
        "mind-bending|twist ending|surreal|time travel|time loop",
    ),
    Mood.of("dark", r"dark|bleak|gritty|disturb", "crime|thriller|horror|film noir", "dark comedy"),
    Mood.of("epic", r"epic|grand|sweeping", "adventure|fantasy|history|war", "epic|high fantasy"),
    Mood.of("exciting", r"excit|fast[- ]paced|adrenalin|thrill|explosi", "action|adventure"),
    Mood.of("inspiring", r"inspir|motivat", "biography|sport", "inspirational|inspiring"),
)


@cache
def keyword_pattern(keyword: str) -> re.Pattern[str]:
    """What names a keyword: its own words, one or many, and `KEYWORDS`."""
    stem = keyword.removesuffix("s") if len(keyword) > 4 else keyword
    stem = stem.removesuffix("ie") + "(?:y|ie)" if stem.endswith("ie") else re.escape(stem)
    own = rf"{stem}(?:e?s)?\b"
    return beginning("|".join([own, *filter(None, [KEYWORDS.get(keyword)])]))


@cache
def is_adjective(keyword: str) -> bool:
    """Whether a keyword stands before the genre."""
    return keyword in ADJECTIVES and keyword not in BEFORE_FILM


def is_kind(keyword: str) -> bool:
    """Whether a keyword stands right before "film", or instead of it."""
    return (keyword in KINDS and keyword not in ADJECTIVES) or keyword in BEFORE_FILM


def follows(keyword: str) -> bool:
    """Whether a keyword follows the film as it is: "based on a book"."""
    return keyword in AFTER


def said(keyword: str) -> str:
    """A keyword as a query says it."""
    return TOPICS.get(keyword) or BEFORE_FILM.get(keyword) or AS_SAID.get(keyword) or keyword


def description(keyword: str) -> str:
    """A keyword as the text encoder is asked about it."""
    if is_adjective(keyword):
        return f"a {keyword} film"
    if is_kind(keyword):
        return said(keyword)
    return f"a film {keyword}" if follows(keyword) else f"a film about {said(keyword)}"


GENRE_DESCRIPTIONS = {
    "action": "an action film with fights, chases and explosions",
    "adventure": "an adventure film with a journey and a quest",
    "animation": "an animated film, a cartoon",
    "biography": "a film about the life of a real person",
    "comedy": "a funny film that makes me laugh",
    "crime": "a crime film about gangsters, robbers and detectives",
    "documentary": "a documentary about real events",
    "drama": "a serious, moving drama",
    "family": "a film for children and the whole family",
    "fantasy": "a fantasy film with magic and mythical creatures",
    "film noir": "a black and white film noir with a private eye",
    "history": "a historical film set in the past",
    "horror": "a scary horror film that terrifies me",
    "music": "a film about musicians and bands",
    "musical": "a musical with singing and dancing",
    "mystery": "a mystery with a puzzle to solve",
    "romance": "a romantic film about love",
    "science fiction": "a science fiction film about space, robots and the future",
    "sport": "a film about sports and athletes",
    "thriller": "a tense thriller full of suspense",
    "war": "a war film about soldiers in battle",
    "western": "a western with cowboys",
}


def genre_description(genre: str) -> str:
    """A genre as the text encoder is asked about it."""
    return GENRE_DESCRIPTIONS.get(genre, f"{genre} film")
