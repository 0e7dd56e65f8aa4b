"""Two answers and what a person says of them -> HTML: `PARTS` are the macros of `comparison.html`.

Know no event and no log. Names and evidence are shown only where `Shown` says so, so that a
comparison can be drawn blind. The buttons are understood by `judge.js`, what they send by
`said_of_two.py`.
"""

from __future__ import annotations

from difflib import SequenceMatcher

from crsdemo.core.comparison import SIDES, Comparison, Series, Verdict
from crsdemo.core.conversation import MAX_TYPED
from crsdemo.web.shared.evidence import story
from crsdemo.web.shared.markup import TEMPLATES, Macros
from crsdemo.web.shared.placeless import placeless
from crsdemo.web.shared.render import INTEREST, RELEVANCE
from crsdemo.web.shared.shown import LETTERS, Shown

WORDS: dict[Verdict, str] = {  # in the order of the keys 1 to 6
    "left": "A is better",
    "right": "B is better",
    "both_good": "both good",
    "both_bad": "both bad",
    "same": "the same",
    "cannot_tell": "cannot tell",
}
KEYS = {verdict: key for key, verdict in enumerate(WORDS, 1)}
TIES = ("both_good", "both_bad", "same")  # what can be said of two answers that are one
MEANINGS: dict[Verdict, str] = {
    "left": "reply A helps more",
    "right": "reply B helps more",
    "both_good": "both help, and neither helps more",
    "both_bad": "neither of them helps",
    "same": "they say the same, maybe in other words",
    "cannot_tell": "you do not know enough to say",
}
STRENGTHS = ("a little", "clearly", "much")  # 1 to 3
SATISFACTION = ("not at all", "a little", "so-so", "quite", "very")  # 0 to 4
QUESTIONS = (  # of each answer: aspect, question, words from 0 on
    ("satisfaction", "Are you satisfied with it?", SATISFACTION),
    ("relevance", "Does it fit the wish?", RELEVANCE),
    ("interest", "Does it make you curious?", INTEREST),
)
REASONS = (  # in the words of a domain
    "already {used}", "ignored the wish", "wrong {item}", "too early", "repeats itself",
    "dull words",
)  # fmt: skip
ALIKE = 0.8  # share of the words of two replies that are nearly the same
WAITING = '<i class="waiting" hidden></i>'  # tells `verdict.js` that a message was taken


def says_nearly_the_same(comparison: Comparison) -> bool:
    """Both recommend the same item, in words most of which are the same."""
    left, right = comparison.left.reply.reply, comparison.right.reply.reply
    if not left or not right or not left.item or left.item != right.item:
        return False
    return SequenceMatcher(None, left.text.split(), right.text.split()).ratio() >= ALIKE


TEMPLATES.filters |= {"placeless": placeless, "says_nearly_the_same": says_nearly_the_same}
TEMPLATES.globals |= {
    "KEYS": KEYS,
    "TIES": TIES,
    "LETTERS": LETTERS,
    "MAX_TYPED": MAX_TYPED,
    "QUESTIONS": QUESTIONS,
    "REASONS": REASONS,
    "STRENGTHS": STRENGTHS,
    "WORDS": WORDS,
    "story": story,
}
PARTS = Macros("compare/comparison.html")


def ready(comparison: Comparison | None, shown: Shown) -> str:
    """For screen readers: which answers can be read by now."""
    if comparison is None or (shown.held and not comparison.is_settled):
        return ""
    whole = [LETTERS[side] for side in SIDES if comparison.side(side).is_whole]
    if len(whole) < len(SIDES):
        return f"Answer {whole[0]} is ready." if whole else ""
    return "Answers A and B are ready. Keys 1 to 6 say which is better."


def aloud(words: str) -> str:
    """Words that only a screen reader says, as soon as they change."""
    return f'<p class="unseen" role="status">{words}</p>'


def onward(series: Series, shown: Shown) -> str:
    """Where the next message goes on from, and the way to change that where it may be changed."""
    last = series.last
    return PARTS.onward(last, series.policy, shown) if last and last.is_settled else ""
