"""Whom "him", "she" and "the same director" mean in what a user types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from crsdemo.core.catalog import Item
from crsdemo.core.domain import Domain

_WHOM = (
    r"(?:him|her|them|that (?P<who>guy|man|woman|actor|actress|director|author|writer|artist|"
    r"singer))"
    r"(?=\s*(?:$|[.,;!?)]|\b(?:in|and|or|but|please|pls|too|again|instead|else|then|actually)\b))"
)
_WITH = re.compile(rf"(?P<by>\b(?:with|by|from|of|starring|without) ){_WHOM}", re.I)
# "more with him" is no company, though nobody was named before
_MORE_WITH = re.compile(
    r"\b(?:more|anything|something|(?:any|some)thing else|another(?: one)?|others?)"
    r"(?: (?:films?|movies?|stuff|ones?))? $",
    re.I,
)
_ASKED_WHO = re.compile(r"\bwho (?:directed|made|wrote|did|is (?:it|this|that) by)\b", re.I)
_COMPANY = re.compile(r"\b(?:watch|see|saw|sit|stay|live|home|date|night|go|going|out)\b", re.I)
_DISLIKED = re.compile(
    r"(?P<by>\b(?:hates?|dislikes?|(?:can['’]?t|cannot) stand|"
    rf"(?:don['’]?t|do not|didn['’]?t) (?:really )?like|sick of|tired of|not(?= (?:him|her)\b)) )"
    rf"{_WHOM}",
    re.I,
)
_MADE = re.compile(
    r"\b(?P<else>(?:what|anything|something|more|which|others?)\b[^.?!]*?)"
    r"\b(?:(?:has|have|did|does) )?(?:he|she|they)(?: (?:has|have|also|ever))*"
    r" (?P<did>made?|makes?|done?|did|directed|directs?|wrote|writes?|written|"
    r"composed|recorded|sang|sung|sings?|developed|designed|published|star(?:red|s)?|played?|plays?|been|was|is|"
    r"act(?:ed|s)?)\b(?: in\b)?",
    re.I,
)
_HIS = re.compile(
    r"\b(?:his|her) (?=(?:(?:other|best|early|earlier|later|newer|older|first|last|newest) )*"
    r"(?:films?|movies?|books?|novels?|songs?|albums?|games?|ones?|work|stuff|comed|thriller|western|drama))",
    re.I,
)
_SAME = re.compile(r"\b(?:the )?same (?P<who>[\w-]+)", re.I)
_PLAYS = ("star", "play", "act", "was", "is", "been")  # the words for it begin so


class Meant(NamedTuple):
    """Whom the user named last, and who made the last item spoken of, or plays in it."""

    named: str = ""
    maker: str = ""
    lead: str = ""
    roles: Mapping[str, str] = {}  # "director", "author" -> who that is of the last item
    cast: tuple[str, ...] = ()  # of the last item

    def of_role(self, role: str | None) -> str:
        """Whom "that director" means; whoever was named is meant by "that actor" of a film."""
        who = self.roles.get((role or "").lower(), "")
        return self.named if who == self.lead and self.named in self.cast else who

    def spoken_of(self, item: Item, domain: Domain) -> Meant:
        """After an item was spoken of."""
        known = [(maker, item.facts[maker.field][0]) for maker in domain.makers
                 if item.facts.get(maker.field)]  # fmt: skip
        made = [who for maker, who in known if not maker.in_it]
        plays = [who for maker, who in known if maker.in_it]
        roles = {role.lower(): who for maker, who in reversed(known) for role in maker.roles}
        cast = tuple(who for m in domain.makers if m.in_it for who in item.facts.get(m.field, ()))
        return Meant(self.named, next(iter(made), ""), next(iter(plays or made), ""), roles, cast)


def with_names(text: str, meant: Meant) -> str:
    """The text with names in the place of what stands for them, as far as somebody is meant.

    "what else did he make" becomes "what else by ...", "can't stand him" "can't stand ...".
    """

    def made(found: re.Match[str]) -> str:
        plays = found["did"].lower().startswith(_PLAYS)
        who = meant.named or (meant.lead if plays else meant.maker)
        return f"{found['else']}{'with' if plays else 'by'} {who}" if who else found[0]

    def same(found: re.Match[str]) -> str:
        return meant.of_role(found["who"]) or found[0]

    def with_them(found: re.Match[str]) -> str:
        before = text[: found.start()]
        if who := meant.of_role(found["who"]):
            return found["by"] + who
        if found["by"].lower() == "by " and _ASKED_WHO.search(before) and meant.maker:
            return found["by"] + meant.maker
        if not meant.named and _MORE_WITH.search(before) and found["by"].lower() == "with ":
            return found["by"] + (meant.lead or found[0].removeprefix(found["by"]))
        is_company = not meant.named or _COMPANY.search(before)
        return found[0] if is_company else found["by"] + meant.named

    def without_them(found: re.Match[str]) -> str:
        who = meant.of_role(found["who"]) or meant.named or meant.lead
        return found["by"] + who if who else found[0]

    maker = meant.named or meant.maker
    text = _WITH.sub(with_them, text)
    text = _MADE.sub(made, text)
    text = _DISLIKED.sub(without_them, text)
    text = _HIS.sub(lambda found: f"{maker}'s " if maker else found[0], text)
    return _SAME.sub(same, text)
