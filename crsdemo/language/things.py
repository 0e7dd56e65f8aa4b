"""The words of a message that name things, not those with which a wish is put."""

from __future__ import annotations

import re

_PLAIN = frozenset(
    """
    about actually after again all also always and another any anyone anything are aren around ask
    away back because been before being best better big bit both but call called came can cant come
    could did didn didnt does doesn dont down each else even ever every feel few film films find
    first for found from funny get give gives goes going good got great had has hasn have haven
    hear heard help her here hers hey him his how however into isn its itself just kind kinda know
    last least let lets like liked likes little look looking looks lot lots love loved made make
    makes many may maybe mean might mine more most movie movies much must name need never new next
    nice nobody none not nothing now off okay old one ones only other our out over own people
    perhaps play please pretty really recommend remember said same saw say scary see seems seen she
    should show some someone something sometimes somewhere sort still story such suggest sure take
    tell than thank thanks that thats the their them then there these they thing things think this
    those though through time tonight too try two type under until upon used very want wanted was
    wasn watch watched watching way well went were what whats when where which while who whole whos
    whose why will wish with without won would wouldn yeah year years yes yet you your
    """.split()  # noqa: SIM905  # it is read, not written, more often
)
_WORD = re.compile(r"[^\W\d_]{3,}")


def things(words: str) -> frozenset[str]:
    """In small letters, each once: "a film with rats, please" names rats."""
    return frozenset(_WORD.findall(words.lower())) - _PLAIN
