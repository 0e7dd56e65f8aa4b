"""What a system says of itself, covered where nobody may know who answers.

The log keeps the words as they were said; only what is shown before a verdict is covered.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from crsdemo.core.comparison import SIDES, Comparison
from crsdemo.core.conversation import Conversation
from crsdemo.core.recommender import Provenance, Reply
from crsdemo.language.typed_words import is_ordinary

COVER = "[hidden]"
# What assistants and their makers are called: covered where one speaks of itself
KNOWN = frozenset({
    "ChatGPT", "GPT", "OpenAI", "Claude", "Anthropic", "Gemini", "Gemma", "Bard", "Google",
    "DeepMind", "Llama", "Meta", "Mistral", "Mixtral", "Qwen", "Tongyi", "Alibaba", "DeepSeek",
    "Copilot", "Microsoft", "Phi", "Grok", "xAI", "Cohere", "Command R", "Kimi", "Moonshot", "GLM",
    "Zhipu", "Alibaba Cloud", "ERNIE", "Baidu", "Falcon", "OLMo", "SmolLM", "Hugging Face",
    "Granite", "IBM", "Nova", "Amazon", "GCRS", "ReGeS", "UniCRS", "BARCOR", "KBRD", "KGSF",
})  # fmt: skip
# Those that mean nothing else, and no person, place or film: covered wherever they stand
MADE_UP = frozenset({
    "ChatGPT", "GPT", "OpenAI", "Anthropic", "DeepMind", "Mixtral", "Qwen", "DeepSeek", "SmolLM",
    "GCRS", "ReGeS", "UniCRS", "BARCOR", "KBRD", "KGSF",
})  # fmt: skip
# Those that are so with a size or a version ("Falcon-40B", "Gemini 1.5"), or with any number
SIZED = frozenset({"Gemini", "Mistral", "OLMo", "Granite", "Falcon"})
NUMBERED = frozenset({"Claude", "Gemma", "Llama", "Phi", "Grok"})
_SELF = (
    r"\b(?:I\s+am|I['’]?m|I\s+was|we\s+are|we['’]re|(?:my|the)\s+name(?:\s+is|['’]s)|call\s+me|"
    r"I\s+use|I['’]?m\s+using|my\s+(?:model|makers?|method)\s+(?:is|are)|je\s+suis|ich\s+bin|soy|"
    r"sincerely|"
    r"(?:you\s+are|you['’]re)(?:\s+now)?\s+(?:talking|speaking|chatting)\s+(?:to|with)|"
    r"powered\s+by|running\s+on|brought\s+to\s+you\s+by|as(?=[^.!?\n]{1,120},?\s+I\b))\b"
)
_BETWEEN = (  # words that may stand before a name, and between two
    r"(?:[\s,]+(?:an?|the|your|just|only|actually|really|simply|called|named|known|as|large|small|"
    r"language|open|source|model|models|ai|chat|virtual|friendly|helpful|personal|film|movie|book|"
    r"music|recommendation|recommender|recommending|system|assistant|bot|chatbot|baseline|version|"
    r"engine|instance|of|by|from|and|at|on|built|made|trained|developed|created|powered|based|"
    r"provided|designed|new|latest|own|trusty|humble|simple|plain|le|la|el|un|une|der|die|das|ein|"
    r"eine)\b)*[\s,\"'“‘*]+"
)
_START, _END = r"(?<![^\W_])", r"(?![^\W_])"  # of a word; "_" is no letter
_SPELLED = 4  # letters of a name that may be spelled out: "g.c.r.s."
# Letters of other scripts that look like these
_ALIKE = str.maketrans("авсԁеѕһіјкӏмнорԛтухԝαεικνορτυχıɡ", "abcdeshijklmhopqtyxwaeiknoptuxig")
_UNSEEN = {"Cf", "Mn"}  # zero-width and soft signs; accents
_NOUN = (
    r"(?:[\s-]+(?:baseline|recommender|recommendation|language|ai|system|model|assistant|bot|"
    r"chatbot|engine|algorithm|endpoint)s?\b)"
)
_ASIDE = r"(?:,[^,.!?\n]{1,60}(?=,))?"  # "I am, as you may know, ..."
_SIZE, _NUMBER = r"[\s_-]?v?\d+(?:\.\d|b\b)", r"[\s_-]?v?\d\b"
_VERSION = r"(?:[\s_-]?(?:v?\d[\w.]*|turbo|mini|nano|pro|flash|opus|sonnet|haiku|instruct|chat)\b)*"


def names_of(systems: Iterable[str], replies: Iterable[Reply | None]) -> frozenset[str]:
    """What the systems are called, and the models that their replies come from."""
    found = set(systems)
    for reply in filter(None, replies):
        found.update(_of(reply.provenance))
    return frozenset(name for name in found if _parts(name))


def _of(provenance: Provenance) -> Iterator[str]:
    yield provenance.recommender
    try:
        made = json.loads(provenance.decoding or "{}")
        answered = made.get("answered") or {}
        for model in (made.get("model"), made.get("version"), answered.get("model")):
            if isinstance(model, str):
                yield from {model, model.rpartition("/")[2]}  # of a hub's name, its last part
    except (AttributeError, ValueError):  # of a stand-in
        return


def veiled(reply: Reply, names: frozenset[str]) -> Reply:
    """The reply without what tells who made it; titles stay.

    A name that is no word ("gcrs", "gpt-4o") is covered wherever it stands and however it is
    spelled, one that is a word as well ("popularity") where the system speaks of itself: "I am the
    ...", "the ... baseline".
    """
    of_itself, anywhere = _patterns(names)

    def covered(text: str) -> str:
        return _covered(_covered(text, of_itself), anywhere)

    pieces = tuple(covered(piece) if isinstance(piece, str) else piece for piece in reply.pieces)
    return replace(reply, pieces=pieces)


def _covered(text: str, pattern: re.Pattern[str]) -> str:
    """Found in the plain letters of a text, covered in the text itself."""
    plain, places = _plain(text)
    shown, end = list[str](), 0
    for found in pattern.finditer(plain):
        after = found.end("self") if "self" in pattern.groupindex else -1
        start = places[max(after, found.start())]
        shown += [text[end:start], " " * (after > 0), COVER]
        end = max(places[found.end() - 1] + 1, places[found.end()])  # with accents behind it
    return "".join((*shown, text[end:]))


def _plain(text: str) -> tuple[str, list[int]]:
    """Letters as they look, without accents and what nobody sees; where each stands; the end."""
    if text.isascii():
        return text, [*range(len(text) + 1)]
    letters, places = list[str](), list[int]()
    for place, character in enumerate(text):
        for one in unicodedata.normalize("NFKD", character):
            if unicodedata.category(one) not in _UNSEEN:
                alike = one.lower() if len(one.lower()) == 1 else one
                letters.append(alike.translate(_ALIKE) if not alike.isascii() else one)
                places.append(place)
    return "".join(letters), [*places, len(text)]


def veiled_comparison(comparison: Comparison, systems: Iterable[str] = ()) -> Comparison:
    """Both replies as they are shown to who must not know whose they are.

    `systems` are all that might answer. What was said before is in `heard`, and stays.
    """
    answers = [comparison.side(side) for side in SIDES]
    replies = [answer.reply.reply for answer in answers]
    names = names_of((*systems, *(answer.recommender for answer in answers)), replies)
    for side, answer in zip(SIDES, answers, strict=True):
        if reply := answer.reply.reply:
            shown = replace(answer.reply, reply=veiled(reply, names))
            comparison = comparison.with_reply(side, shown)
    return comparison


def veiled_talk(talk: Conversation, systems: Iterable[str] = ()) -> Conversation:
    """A talk with one system, as it is shown to who must not know which."""
    names = names_of(systems, (logged.reply for logged in talk.turns))
    turns = (
        replace(logged, reply=veiled(logged.reply, names)) if logged.reply else logged
        for logged in talk.turns
    )
    return replace(talk, turns=tuple(turns))


@lru_cache(maxsize=256)
def _patterns(names: frozenset[str]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Where a system speaks of itself, and what is a name wherever it stands."""
    every = _any(names | KNOWN)
    named = rf"{_START}(?:{every}){_VERSION}{_NOUN}*{_END}"
    chain = rf"(?P<self>{_SELF}){_ASIDE}{_BETWEEN}{named}(?:{_BETWEEN}{named})*"
    unlike = frozenset(name for name in names if not all(map(is_ordinary, _words(name)))) | MADE_UP
    spelled = "|".join(map(_spelled, sorted(unlike))) or r"(?!)"
    anywhere = (
        rf"{_START}(?:{_any(unlike)}){_VERSION}{_END}",
        rf"{_START}(?:{spelled}){_END}",
        rf"{_START}(?:{_any(NUMBERED)})(?={_NUMBER}){_VERSION}{_END}",
        rf"{_START}(?:{_any(NUMBERED | SIZED)})(?={_SIZE}){_VERSION}{_END}",
        rf"{_START}(?:{_any(names)}){_NOUN}+{_END}",
        rf"\A\W*(?:{every}){_VERSION}(?=\s+here\b)",
    )
    return re.compile(chain, re.IGNORECASE), re.compile("|".join(anywhere), re.IGNORECASE)


def _any(names: frozenset[str]) -> str:
    """Any of the names, however its parts are joined; nothing, if there is none."""
    ordered = sorted(names, key=lambda name: (-len(name), name))
    return "|".join(r"[\s_./:-]*".join(map(re.escape, _parts(name))) for name in ordered) or r"(?!)"


def _spelled(name: str) -> str:
    """Its letters with something between any two; nothing, if they are few."""
    letters = "".join(_parts(name))
    return r"[\W_]{1,3}".join(letters) if len(letters) >= _SPELLED else r"(?!)"


def _parts(name: str) -> list[str]:
    return re.findall(r"[^\W_]+", _plain(name)[0])


def _words(name: str) -> list[str]:
    return [part.lower() for part in _parts(name)]
