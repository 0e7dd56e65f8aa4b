"""What a text refuses, and what is left of it as a wish.

"no horror", "my mum hates dogs", "romance isn't my thing" refuse; "I can't get enough of horror",
"why not a comedy?", "not only comedies" do not.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from crsdemo.core.traced import Stretch, Traced

REMEMBERED = 256  # texts; one turn is asked about several times while it is answered
_TABLE = tomllib.loads((files(__package__) / "refusals.toml").read_text(encoding="utf-8"))
_PARTS: dict[str, str] = _TABLE["parts"]


def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern in which `@part@` stands for that part."""
    while "@" in pattern:
        pattern = re.sub("@([a-z]+)@", lambda part: _PARTS[part[1]], pattern)
    return re.compile(pattern, re.IGNORECASE)


_NO_REFUSAL = _compiled(rf"\b(?:{'|'.join(_TABLE['no_refusals'])})\b")
_REFUSALS = tuple(
    _compiled(pattern)
    for pattern in (
        rf"\b(?:{'|'.join(_TABLE['before_what'])})\b@fillers@@what@",
        r"\b(?:keep|leave|take|cut|count|filter)@fillers@(?P<what>@some@) (?:out|away)\b",
        r"\b@easily@\b(?P<what>(?: (?:by|of|at|when)\b@one@)?)",
        r"\bfinds? (?!me\b|us\b)(?P<what>@some@) (?:so |too |really |a bit |very )*@dull@\b",
        # "i hate westerns, musicals and horror"; titles and what was taken back leave gaps
        r"\b(?:@dislike@|(?:do|does)@nt@ (?:like|watch|want|enjoy|do))\b@fillers@(?P<what> *+(?:"
        r"(?:(?:@things@)? *, *+)+@things@ *,? and(?: @things@)?|"
        r"(?:(?:@kind@)? *, *+)+and(?: @kind@)?|"
        r"(?:(?:@kind@)? *, *+){2,}(?:@kind@)?"
        r"))(?=\s*(?:$|[.;!?\n]|,? ?but\b|, ?@stop@))",
        # "rather a comedy than a drama"
        r"\b(?:rather|sooner)\b@one@\b(?<!er )(?<!recent )(?P<no>than)\b(?! *\d)@fillers@@what@",
        r"\bprefer(?:s|red)? @one@\b(?P<no>over)\b(?! *\d)@fillers@@what@",
        r"\benough (?P<what>@some@) (?:already|now|for (?:now|today|one|me|us))\b",
        r"(?:\A|[.!?\n] *)enough (?P<what>@word@(?: @word@)?)(?=\s*(?:$|[.,;!\n]))",
        # "anything unless it's horror", but "no comedy unless it's horror" wants some
        r"(?:\A|[.!?\n])(?:(?!@refuses@)[^.!?\n]){0,60}?\b(?:any|every|some|whatever|fine|ok|okay|"
        r"happy)(?:thing)?\b(?:(?!@refuses@)[^.!?\n]){0,40}?\b(?P<no>unless) (?:it|that|they)"
        r"['’ ]*(?:s|is|re|are)\b@fillers@@what@",
        rf"@subject@ (?:{'|'.join(_TABLE['after_what'])})\b",
        r"(?<![\w'’])(?P<what>[\w'’]+(?: [\w'’]+)?)-free\b",
        r"(?<![\w'’])(?P<what>@thing@) free(?=\s*(?:$|[.,;!\n]|please\b))",
    )
)
# Heard whatever stands there that refuses nothing elsewhere
_ALWAYS = tuple(
    _compiled(pattern)
    for pattern in (
        r"\b(?:nobody|no ?one|none|neither)(?: \w+){0,4}? (?:likes?|wants?|enjoys?|cares? for|"
        r"fancies|is into|are into|needs?|asked for|can stand)\b@fillers@@what@",
        r"@subject@ ?[?,:=–—-]+ @no@(?=\s*(?:$|[.,;!\n]|but\b|and\b))",
        # "horror no, comedy yes"
        r"(?:(?<![\w'’-] )(?<![\w'’-])|(?<=\byes )|(?<=\band )|(?<=\bbut )|(?<=\bfine )|(?<=\bok ))"
        r"(?P<what>@told@(?: @told@)?) (?:nope|nah|no(?: thanks?| thank you)?)"
        r"(?=\s*(?:$|[.,;!\n]))",
        r"\b(?:ugh|yuck|yikes|eww?|bleh|blegh)\b[,!.]*@fillers@ ?@what@",
    )
)


# Who wants "a horror film, not too scary" wants horror all the same
_MILD = (
    _compiled(
        r"\b(?:not|nothing|(?:is|are|was|were)n['’]?t) (?:that['’]?s )?"
        r"(?:too|overly|very|so|that|super) (?:much |many )?"
        r"(?P<what>(?!the\b|an?\b|one\b|complicated|distant|fond|keen|into|big|sure)[\w'’-]+"
        r"(?: or (?!@stop@)[\w'’-]+(?=\s*(?:$|[.,;!?\n])))?)"
    ),
)


# What is asked or said of the item spoken of is no wish: "is it scary?", "how old is that?",
# "still too scary", "sounds violent"
_OPENS = r"(?:^|[.,;:!?\n]|\b(?:and|but|so|ok|okay|hm+|well|wait|um|oh|yes|yeah|no|or)\b)['’\"(]* *"
_UNTIL_A_WISH = (
    r"(?:(?!\b(?:but|i|i['’]?[md]|we|if|because|cause|cuz|otherwise|something|anything|give|show|"
    r"please|pls|can|could|want|find|recommend|instead)\b)[^.!?;\n])*"
)
_IT = r"(?:it|this|that|(?:they|he|she|these|those)\b(?![^.!?;\n]*\bany\b))\b"
_ASKED = re.compile(
    rf"{_OPENS}(?P<it>(?:(?:is|was|does|did|has|will|would)(?:n['’]?t)?|are|were) {_IT}"
    r"(?! (?:be )?(?:possible|(?:ok(?:ay)?|alright|fine) (?:if|to|that)|"
    r"wrong|weird|too much to|a lot to|time)\b)"
    r"(?![^.!?;\n]*\b(?:where|who|whose|which|the one|(?:film|movie) with)\b)"  # what is looked for
    rf"{_UNTIL_A_WISH})|(?P<how>\bhow \w+ (?:is|was|are|were) {_IT})",
    re.IGNORECASE,
)
_SEEMS = re.compile(
    r"(?<!thing that )(?<!film that )(?<!movie that )(?<!one that )"
    r"(?<!\bbe )(?<!\bnever )(?<!\bnothing is )(?<!\bnothing['’]s )"
    r"\b(?:too|looks|sounds|seems)(?: too| so| very| really| pretty| a bit)? [\w'’-]+",
    re.IGNORECASE,
)
# "that's a horror" describes a film, maybe one that is looked for, and asks for nothing refused
_IT_IS = re.compile(
    rf"{_OPENS}(?P<it>(?:it|this|that|(?<= )(?= ))(?:['’]?s| is| was| has| had)\b"
    r"(?![^.!?;,\n]*\b(?:fine|ok(?:ay)?|alright|allowed|welcome|good|got|gotta|to (?:be|have)|time|"
    rf"mood|(?:to)?night|after all|what|now|then)\b){_UNTIL_A_WISH}(?!i\b))",
    re.IGNORECASE,
)


class Refusal(NamedTuple):
    """What `text[start:end]` refuses; `at` is where that begins."""

    start: int
    end: int
    what: str  # as it was said, with the words around it that belong to it
    at: int
    is_mild: bool = False  # what else the text asks for by that name is wanted


Refusals = Callable[[str], tuple[Refusal, ...]]


def wanted(text: str, refused: Refusals | None = None) -> str:
    """The text without what is refused, and without what is asked of the item spoken of."""
    return without_refusals(Traced.of(text), refused).text


def wanted_again(text: str, refused: Refusals | None = None) -> str:
    """What of a text asks for something although it was refused: not "that's a horror"."""
    wish = Traced.of(wanted(text, refused))
    return wish.without(Stretch(*found.span("it")) for found in _IT_IS.finditer(wish.text)).text


def without_refusals(text: Traced, refused: Refusals | None = None) -> Traced:
    """What is `wanted` in a text that knows where its words came from.

    `refused` finds what is refused, by default the patterns here.
    """
    spans = [Stretch(span.start, span.end) for span in (refused or refusals)(text.text)]
    return text.without(sorted([*spans, *_not_wished(text.text)]))


def _not_wished(text: str) -> Iterator[Stretch]:
    """What is asked or said of the item spoken of."""
    for found in _ASKED.finditer(text):
        yield Stretch(*found.span("how" if found["how"] else "it"))
    for found in _SEEMS.finditer(_without_seeming(text)):
        yield Stretch(*found.span())


@lru_cache(REMEMBERED)
def refusals(text: str) -> tuple[Refusal, ...]:
    """In order, none within another, each with its place."""
    spans: list[Refusal] = []
    for span in sorted(
        _found(text, _without_seeming(text)), key=lambda span: (span.start, -span.end)
    ):
        if not spans or span.start >= spans[-1].end:
            spans.append(span)
    return tuple(spans)


def _without_seeming(text: str) -> str:
    """The text, as long as before, without what seems to refuse something and does not."""
    return _NO_REFUSAL.sub(lambda found: "\0" * len(found[0]), text)


def _found(text: str, heard: str) -> Iterator[Refusal]:
    """`heard`: the text without what refuses nothing."""
    for patterns, where in ((_REFUSALS, heard), (_ALWAYS, text), (_MILD, text)):
        for pattern in patterns:
            for found in pattern.finditer(where):
                what, at = found["what"].replace("\0", " "), found.start("what")
                start = found.start("no") if "no" in pattern.groupindex else found.start()
                yield Refusal(start, found.end(), what, at, patterns is _MILD)
