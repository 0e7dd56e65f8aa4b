"""Who takes part, as a study file or the command line names it: values, nothing is asked yet.

    "gcrs"                                                    one of ours
    "versions/gcrs-2"                                         the folder of a checkpoint
    {name = "mine", url = "http://localhost:9000/chat"}       an endpoint
    {name = "mine", call = "module:function"}                 a Python function

docs/your-own-system.md explains the keys.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, TypeAdapter
from pydantic import ValidationError as Invalid

from crsdemo.core.errors import BadInputError
from crsdemo.core.part import Part, Text, wrong

Form = Literal["plain", "openai"]

INSTRUCTION = (
    "You recommend in a conversation. Ask, talk or recommend, as it helps most. Name what you "
    "recommend by its full title with the year in brackets, as Title (Year). Answer in two or "
    "three short sentences of plain text, without lists or markup. Never say who or what you are."
)
COMPLETIONS = "/chat/completions"
EXPECTED = 'it is a name in quotes, or a part as {name = "mine", url = "http://..."} or with a call'
_SECRET = re.compile(r"key|token|secret|passw|auth|sig$|signature|^code$", re.IGNORECASE)


def _url(url: str) -> str:
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known or not url.isascii() or not url.isprintable() or " " in url:
        raise wrong("it is an address as http://localhost:9000/chat")
    secret = any(_SECRET.search(name) for name, _ in parse_qsl(parts.query, True))
    if parts.username or parts.password or secret:
        raise wrong(
            "a secret does not belong here, for this is kept with the replies; put it into an "
            "environment variable and name that in `key_env`"
        )
    return url.partition("#")[0]


def _call(call: str) -> str:
    if not re.fullmatch(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*", call):
        raise wrong("it is module:function, as my_system:answer")
    return call


class Named(Part):
    """One of ours: a checkpoint, wherever it lies, or a baseline."""

    name: Text
    folder: str = ""  # of a checkpoint that was named by it, and is called as its folder is


class _Outside(Part):
    """Not one of ours. `version` is whatever its makers call what answers."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}$")]
    version: Annotated[str, Field(max_length=200)] = ""
    seconds: Annotated[float, Field(ge=1, le=600)] = 60  # for one reply, all tries together


class Endpoint(_Outside):
    """An address that answers a dialogue, in one of two forms; see `endpoint.py`."""

    url: Annotated[str, AfterValidator(_url)]
    form: Form | None = None  # as the address looks
    model: Annotated[str, Field(max_length=200)] = ""
    key_env: Annotated[str, Field(pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$")] = ""
    instruction: Annotated[str, Field(max_length=20_000)] = INSTRUCTION  # openai: the system's part
    options: dict[str, str | int | float | bool | None] = {}  # openai: temperature, max_tokens, ...
    retries: Annotated[int, Field(ge=0, le=5)] = 2
    checkpoint: Annotated[str, Field(max_length=500)] = ""  # ours, which a large server serves

    @property
    def is_openai(self) -> bool:
        path = urlsplit(self.url).path.rstrip("/")
        looks_so = path.endswith((COMPLETIONS, "/v1"))
        return self.form == "openai" or (self.form is None and looks_so)

    @property
    def address(self) -> str:
        """Where it is asked: of an OpenAI-style address the base is enough."""
        parts = urlsplit(self.url)
        path = parts.path.rstrip("/")
        if self.is_openai and not path.endswith(COMPLETIONS):
            return parts._replace(path=path + COMPLETIONS).geturl()
        return self.url

    @property
    def is_here(self) -> bool:
        """Whether it runs on this machine: no proxy is asked then."""
        host = urlsplit(self.url).hostname or ""
        return host in ("localhost", "::1") or host.startswith("127.")


class Function(_Outside):
    """A Python function; see `function.py`."""

    call: Annotated[str, AfterValidator(_call)]


def _form(given: Any) -> str | None:
    """The tag of the model that reads this."""
    if isinstance(given, Part):
        return type(given).__name__
    if not isinstance(given, dict):
        return None
    kinds = {"url": "Endpoint", "call": "Function"}
    found = [kind for key, kind in kinds.items() if key in given]
    return found[0] if found else "Named" if set(given) == {"name"} else None


def _named(given: Any) -> Any:
    """A name alone is short for a part with a name, and what lies in a folder is called as that."""
    text = given["name"] if isinstance(given, dict) and set(given) == {"name"} else given
    if not isinstance(text, str):
        return given
    if not text.strip():
        raise wrong("it is a text in quotes, not an empty one")
    path = Path(text.strip())
    if len(path.parts) < 2:
        return Named(name=str(path))
    return Named(name=path.name, folder=str(path))


System = Annotated[
    Annotated[Named, Tag("Named")]
    | Annotated[Endpoint, Tag("Endpoint")]
    | Annotated[Function, Tag("Function")],
    Discriminator(
        _form,
        custom_error_type="wrong",
        custom_error_message=EXPECTED,
        custom_error_context={"at": []},
    ),
    BeforeValidator(_named),
]
_SYSTEM: TypeAdapter[Named | Endpoint | Function] = TypeAdapter(System)


class NamedAs(NamedTuple):
    """What stands on the command line: who answers there, and where, if it is not one of ours."""

    name: str
    where: str

    @classmethod
    def of(cls, text: str) -> NamedAs:
        name, _, where = text.partition("=")
        return cls(name.strip(), where.strip())


def parse_system(text: str) -> Named | Endpoint | Function:
    """`gcrs`, `versions/gcrs-2`, `mine=http://localhost:9000/chat` or `mine=module:function`.

    Raises BadInputError for anything else.
    """
    name, where = NamedAs.of(text)
    given: object = text.strip()
    is_folder = "/" in name and "://" not in where  # which may have "=" in its name
    if "=" in text and not is_folder:
        given = {"name": name, "url" if "://" in where else "call": where}
    try:
        return _SYSTEM.validate_python(given)
    except Invalid as error:
        first = error.errors()[0]
        raise BadInputError(
            f"{text!r} names no system: {first['msg']}; write a name as gcrs, a folder as "
            "versions/gcrs-2, or mine=http://localhost:9000/chat, or mine=module:function"
        ) from error
