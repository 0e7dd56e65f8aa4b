"""A link that a survey tool did not fill in names nobody; whatever is a name is taken."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from crsdemo.core.errors import BadInputError
from crsdemo.studies.annotators import arrival, signature, signed_link
from crsdemo.studies.unfilled import is_unfilled

SECRET = b"s" * 32
UNFILLED = [
    "${e://Field/PROLIFIC_PID}", "${rand://int/1:9}", "$${id}", "#{id}", "@{id}", "{{workerId}}",
    "{workerId}", "{ id }", "{TOKEN:ATTRIBUTE_1}", "{%id%}", "{{%PROLIFIC_PID%}}", "%id%", "%%ID%%",
    "{{ participant.id }}", "%PROLIFIC_PID%", "[ID]", "[[ID]]", '[url("sguid")]', "[%%ID%%]",
    "[PROLIFIC_PID_value]", "[record_id]", "<id>", "<<id>>", "<%=id%>", "$PARTICIPANT", "$id$",
    "$participant_id", ":participant_id", "__ID__", "*|UNIQID|*", "«ID»", "!ID!", "##ID##",
    "undefined", "null", "NULL", "None", "nil", "NaN", "(null)", "N/A", "[object Object]",
    "ASSIGNMENT_ID_NOT_AVAILABLE", "PROLIFIC_PID", "workerId", "worker_id", "PARTICIPANT_ID",
    "participant-id", "YOUR_ID",
]  # fmt: skip
NAMES = [
    "5f0a77e1c0ffee0123456789", "A1B2C3D4E5F6G7", "anna", "b e&n", "a.b+c@example.org", "42",
    "a%b@example.org", "100%", "50%25", "@anna", "O'Neill", "Müller", "王小明", "P_001", "p-17",
    "{3F2504E0-4F89-11D3-9A0C-0305E82C3301}", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "x=y==",
    "Zm9vYmFy+/==", "NA", "Nulla", "nonesuch", "undefined7", "Ann (lab 2)", "[3]", "#7", "id7",
    "a:b", "12:30", "u_", "_anna_", "R$12", "participant 7", "id", "test", "NAME", "anna|2", "1>0",
]  # fmt: skip


@pytest.mark.parametrize("value", UNFILLED)
def test_a_blank_that_was_left_is_nobody(value: str) -> None:
    for form in (value, f" {value} ", quote(value)):
        assert is_unfilled(form), form
    for name in ("PROLIFIC_PID", "participant", "test"):
        with pytest.raises(BadInputError, match="not filled in") as caught:
            arrival({name: value}, "a browser", SECRET)
        assert f"its {name} is" in str(caught.value) and "survey tool" in str(caught.value)
    with pytest.raises(BadInputError, match="not filled in"):
        signed_link("https://lab.example", value, SECRET)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_let_in(name: str) -> None:
    assert not is_unfilled(name)
    assert arrival({"test": name}, None, SECRET).source == "test"
    given = {"participant": name, "key": signature(name, SECRET)}
    assert arrival(given, None, SECRET, plain_names=False).source == "link"


def test_an_id_of_prolific_is_let_in() -> None:
    for name in ("5f0a77e1c0ffee0123456789", " 5F0A77E1C0FFEE012345678z "):
        assert arrival({"PROLIFIC_PID": name}, None, SECRET).source == "prolific"
