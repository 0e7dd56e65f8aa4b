"""Every error raised on purpose. Each message says what was found and what to do.

CrsdemoError
 |- BadInputError        a file, row or message that cannot be used
 |- CatalogError         a catalog that is missing, empty or contradicts itself
 |- CheckpointError      weights that are missing, damaged or made for another catalog
 |- FeedbackError        the database is locked, read-only, full or not ours
"""


class CrsdemoError(Exception):
    """Shown to the user as it is: one readable sentence or two, never a traceback."""


class BadInputError(CrsdemoError):
    """A file, a row or a message that cannot be used."""


class CatalogError(CrsdemoError):
    """A catalog that is missing, empty or contradicts itself."""


class CheckpointError(CrsdemoError):
    """Weights that are missing, damaged or made for another catalog."""


class FeedbackError(CrsdemoError):
    """The feedback database is locked, read-only, full or not ours."""
