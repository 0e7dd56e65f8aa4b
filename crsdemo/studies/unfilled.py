"""Values of a link that a survey tool left as they stood in its template: names of nobody.

If they were taken, everybody who comes by such a link would be one person.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

_MARKS = re.compile(  # no name holds these: ${e://Field/X}, {{x}}, {% x %}, <%= x %>, [%X%], *|X|*
    r"\$+\{|#\{|@\{|\{\{|\}\}|\{%|%\}|<%|%>|\[%|%\]|\*\||\|\*|\[\[|\]\]|<<|>>"
)
_GUID = re.compile(r"\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}", re.IGNORECASE)
_AROUND = re.compile(  # a word, which is not a number, between signs, or behind one
    r"""\{ \s* [^\W\d_] [^{}]* \}     # {workerId}, {TOKEN:ATTRIBUTE_1}
    | %+ \s* [^\W\d_] [^%]* %+        # %PROLIFIC_PID%
    | \[ \s* [^\W\d_] [^\[\]]* \]    # [ID], [url("sguid")]
    | < \s* [^\W\d_] [^<>]* > | « .* » | ‹ .* ›
    | \$ [^\W\d_] \w* \$?           # $PARTICIPANT
    | : [^\W\d_] \w* | __ .+ __ | ! [^\W\d_]\w* ! | \#\#* [^\W\d_]\w* \#+
    """,
    re.VERBOSE | re.DOTALL,
)
# What programs write where they have no value, and the names of parameters in their own place
_NOTHING = {
    "undefined", "null", "(null)", "<null>", "none", "nil", "nan", "n/a", "#n/a", "#ref!",
    "#name?", "#value!", "[object object]", "object object", "assignment_id_not_available",
    "not available", "not set", "missing", "empty",
}  # fmt: skip
_PARAMETERS = {
    "prolificpid", "prolificid", "yourprolificid", "workerid", "participantid", "subjectid",
    "respondentid", "responseid", "userid", "panelistid", "externalid", "assignmentid", "sessionid",
    "studyid", "surveyid", "yourid", "yourname", "insertidhere", "idhere", "participantnumber",
}  # fmt: skip


def is_unfilled(value: str) -> bool:
    """Whether a value stands for another one that should have been put there."""
    value = value.strip()
    return any(_stands_for_another(form.strip()) for form in {value, unquote(value)})


def _stands_for_another(value: str) -> bool:
    if _GUID.fullmatch(value):
        return False
    if _MARKS.search(value) or _AROUND.fullmatch(value):
        return True
    word = value.lower()
    return word in _NOTHING or re.sub(r"[\W_]", "", word) in _PARAMETERS
