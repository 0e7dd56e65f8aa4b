"""Every error raised on purpose. Each message says what was found and what to do.

CrsdemoError
 |- BadInputError        a file, row or message that cannot be used
 |   '- TooManyError     a visitor, or all of them, ask for more than is allowed in a while
 |- CatalogError         a catalog that is missing, empty or contradicts itself
 |- CheckpointError      weights that are missing, damaged or made for another catalog
 |- OutsideError         a system that is not ours does not answer, or not in its form
 |- AccessError          somebody asks for what is the operator's
 |- FeedbackError        the database is locked, read-only, full or not ours
     |- RefusedError     it is well, but will never take this
     |   '- WithdrawnError   from somebody who does not take part in a study any more
     '- KeptAsideError   it is not; what was said is safe in the outbox
"""


class CrsdemoError(Exception):
    """Shown to the user as it is: one readable sentence or two, never a traceback."""


class BadInputError(CrsdemoError):
    """A file, a row or a message that cannot be used."""


class TooManyError(BadInputError):
    """A visitor, or all of them, ask for more than is allowed in a while."""


class CatalogError(CrsdemoError):
    """A catalog that is missing, empty or contradicts itself."""


class CheckpointError(CrsdemoError):
    """Weights that are missing, damaged or made for another catalog."""


class OutsideError(CrsdemoError):
    """A system that is not ours does not answer, or not in its form."""


class AccessError(CrsdemoError):
    """Somebody asks for what is the operator's."""


class FeedbackError(CrsdemoError):
    """The feedback database is locked, read-only, full or not ours."""


class RefusedError(FeedbackError):
    """The feedback database is well, but will never take this: trying again is of no use."""


class WithdrawnError(RefusedError):
    """Somebody does not take part in a study, so nothing of theirs may be kept."""


class KeptAsideError(FeedbackError):
    """The feedback database cannot be written; what was said is safe in the outbox."""
