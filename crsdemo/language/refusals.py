"""What a text refuses, and what is left of it as a wish.

"no horror", "my mum hates dogs", "romance isn't my thing" refuse; "I can't get enough of horror",
"why not a comedy?", "not only comedies" do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_NT = r"(?:n['’]?t| not)"
_CANT = r"(?:can['’]?t|can ?not)"
_WHO = r"(?:me|us|him|her|them|my \w+|the \w+|everyone|everybody)"
# Where nothing is refused, though a word of refusal stands there
_NO_REFUSALS = (
    rf"(?:{_CANT}|could{_NT}|never) get enough of",
    rf"{_CANT} go wrong with",
    r"never (?:get|grow|am|been) (?:tired|sick|bored) of",
    rf"(?:do{_NT}|would{_NT}|never) mind",
    r"why not|what not|whether or not|or not|if not",
    r"not (?:only|just|merely|familiar|sure|bad|really sure|that i|opposed|against|too bad)",
    r"no (?:problem|worries|thanks|thank you|idea|clue|matter|rush|preferences?|doubt|longer|need)",
    rf"(?:is|are|was){_NT} (?:there|it|that|this|he|she)",
    rf"(?:do|did|have|are|could|would){_NT} (?:you|we|they)",
    rf"have{_NT} (?:seen|watched|had)|who (?:do|does|would|could){_NT}",
    r"(?:no|not),? (?:i|you|it|that|this)",
    r"nothing (?:beats|better|like)|less than|(?:no|not) (?:one|body|anyone)",
)
_BEFORE_WHAT = (
    r"no|not|nothing|without|except|minus|less|other than|apart from|anything but|too much",
    r"avoid(?:ing)?|skip|hates?|hated|dislikes?|loathes?|detests?|despises?|leave out|spare me",
    rf"(?:do|does|did|would|could){_NT} (?:really |even |usually )?"
    r"(?:like|want|enjoy|need|do|watch|care for|love|get on with)",
    rf"(?:won['’]?t|{_CANT}) (?:do|watch|take|handle|see)",
    rf"(?:{_CANT}|could{_NT}) (?:stand|bear)",
    r"never (?:watch|liked?|cared for)|could do without|rather not(?: see| watch)?",
    r"(?:sick|tired|bored|scared|afraid|allergic) (?:of|to)|fed up (?:with|of)|(?:had )?enough of",
    rf"(?:wo|would|should){_NT} be",
    r"not (?:a |an |much of a )?(?:fan|fans|lover) of|not into",
)
_AFTER_WHAT = (
    rf"(?:is|are|was|were)(?:{_NT}| never) (?:really |so much )?(?:my|our|his|her|for|what)",
    r"(?:is|are) (?:a no|out|off the table)",
    rf"(?:is|are){_NT}(?=,|\.|;|!|$)",
    rf"makes? {_WHO} (?:sick|cry|sad|puke|sleepy|anxious|yawn)",
    rf"(?:bores?|scares?|annoys?|disgusts?|upsets?|depress(?:es)?) {_WHO}",
    rf"do(?:es)?{_NT} (?:work|do it) for",
)
_FILLERS = (
    r"(?: (?:too|so|very|really|any|anything|more|much|many|films?|movies?|stuff|with|of|in|to|"
    r"like|watch|see|want|a|an|the|for)\b)*"
)
_WHAT = (
    r"(?P<what>(?:(?!\b(?:but|though|just|instead|please|pls|maybe|only|something|i|i['’]m|more|"
    r"rather|then|because|cause|as long|so)\b)[^.,;:!?\n]){0,40})"
)
_NO_REFUSAL = re.compile(rf"\b(?:{'|'.join(_NO_REFUSALS)})\b", re.IGNORECASE)
_REFUSALS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:{'|'.join(_BEFORE_WHAT)})\b{_FILLERS}{_WHAT}",
        rf"\bkeep{_FILLERS}(?P<what>[^.,;:!?\n]{{1,30}}?) (?:out|away)\b",
        rf"(?P<what>[\w'’-]+(?: [\w'’-]+){{0,2}}?) (?:{'|'.join(_AFTER_WHAT)})\b",
    )
)


class _Span(NamedTuple):
    start: int
    end: int
    what: str


def refused(text: str) -> list[str]:
    """What is refused, as it was said, each with the words around it that belong to it."""
    return [span.what for span in _spans(text)]


def wanted(text: str) -> str:
    """The text without what is refused."""
    kept, end = "", 0
    for span in _spans(text):
        kept += text[end : span.start] + " "
        end = span.end
    return kept + text[end:]


def _spans(text: str) -> list[_Span]:
    """In order, none within another."""
    heard = _NO_REFUSAL.sub(lambda found: "\0" * len(found[0]), text)
    spans: list[_Span] = []
    for span in sorted(_found(heard)):
        if not spans or span.start >= spans[-1].end:
            spans.append(span)
    return spans


def _found(text: str) -> Iterator[_Span]:
    for pattern in _REFUSALS:
        for found in pattern.finditer(text):
            yield _Span(found.start(), found.end(), found["what"].replace("\0", " "))
