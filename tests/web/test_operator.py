"""Only the operator is let in: by the password, or from the machine itself where there is none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crsdemo.core.errors import AccessError, BadInputError
from crsdemo.web.operator import (
    GOOD_FOR,
    TRIES,
    TRIES_OF_ALL,
    VARIABLE,
    WINDOW,
    Caller,
    Operator,
    operator_of,
)

HERE = Caller("127.0.0.1", "127.0.0.1:7860")
FAR = Caller("203.0.113.9", "lab.example")
WORD = "korrekt häst"


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def operator(clock: Clock) -> Operator:
    return Operator(WORD, clock)


def is_let_in(operator: Operator, token: str = "", caller: Caller = FAR) -> bool:
    try:
        operator.check(token, caller)
    except AccessError:
        return False
    return True


def guess(operator: Operator, caller: Caller = FAR, word: str = "wrong guess") -> str:
    """What is said to a guess."""
    with pytest.raises(AccessError) as refused:
        operator.sign_in(word, caller)
    return str(refused.value)


@pytest.mark.parametrize(
    "caller",
    [
        HERE,
        Caller("127.0.0.1", "localhost"),
        Caller("::1", "[::1]:7860"),
        Caller("::ffff:127.0.0.1", "localhost:7860"),
        Caller("127.8.8.8", "127.0.0.1"),
    ],
)
def test_without_a_password_the_machine_itself_is_let_in(caller: Caller) -> None:
    assert is_let_in(Operator(), caller=caller)


@pytest.mark.parametrize(
    "caller",
    [
        FAR,
        Caller("127.0.0.1", "evil.example:7860"),  # a name that was made to mean this machine
        Caller("127.0.0.1", "localhost.evil.example"),
        Caller("127.0.0.1", "localhost", is_forwarded=True),  # a proxy on this machine
        Caller("203.0.113.9", "localhost"),
        Caller("", ""),
        Caller("testclient", "127.0.0.1"),
    ],
)
def test_without_a_password_nobody_else_is_let_in_and_hears_why(caller: Caller) -> None:
    operator = Operator()
    with pytest.raises(AccessError, match=VARIABLE):
        operator.check("", caller)
    with pytest.raises(AccessError, match=VARIABLE):
        operator.sign_in("", caller)


def test_with_a_password_nobody_is_let_in_without_it_not_even_from_here(operator: Operator) -> None:
    assert not is_let_in(operator, "", HERE) and not is_let_in(operator, "", FAR)


def test_the_password_opens_from_anywhere_until_the_token_is_old(
    operator: Operator, clock: Clock
) -> None:
    token = operator.sign_in(WORD, FAR)
    assert is_let_in(operator, token, FAR) and is_let_in(operator, token, HERE)
    clock.now += GOOD_FOR - 1
    assert is_let_in(operator, token)
    clock.now += 2
    assert not is_let_in(operator, token)


def test_a_token_cannot_be_made_up_made_longer_or_taken_from_another_start(
    operator: Operator,
) -> None:
    token = operator.sign_in(WORD, FAR)
    end, signature = token.split(".")
    others = [
        f"{int(end) + 1}.{signature}",
        f"{end}.{signature[:-1]}",
        f"{end}.",
        f"{end}",
        f"9{'9' * 5000}.{signature}",
        f"-{end}.{signature}",
        f"٩{end}.{signature}",
        "\ud800",
        Operator(WORD).sign_in(WORD, FAR),
    ]
    assert not any(is_let_in(operator, other) for other in others)


def test_signing_out_ends_every_token_and_strangers_cannot_do_it(operator: Operator) -> None:
    tokens = [operator.sign_in(WORD, FAR) for _ in range(2)]
    with pytest.raises(AccessError):
        operator.sign_out("0.made-up", FAR)
    assert is_let_in(operator, tokens[0])
    operator.sign_out(tokens[0], FAR)
    assert not any(is_let_in(operator, token) for token in tokens)
    assert is_let_in(operator, operator.sign_in(WORD, FAR))


def test_wrong_passwords_are_counted_and_then_even_the_right_one_waits(
    operator: Operator, clock: Clock
) -> None:
    said = [guess(operator, word=f"guess {n}") for n in range(TRIES)]
    assert all("not the password" in words for words in said)
    assert "try again in 300 seconds" in guess(operator, word=WORD)
    clock.now += WINDOW
    assert is_let_in(operator, operator.sign_in(WORD, FAR))


def test_somebody_who_guesses_does_not_lock_out_the_operator_elsewhere(operator: Operator) -> None:
    for _ in range(TRIES):
        guess(operator)
    assert is_let_in(operator, operator.sign_in(WORD, HERE))


def test_guessing_from_many_addresses_is_limited_too(operator: Operator) -> None:
    for n in range(TRIES_OF_ALL):
        assert "not the password" in guess(operator, Caller(f"198.51.100.{n}", "lab.example"))
    assert "too many" in guess(operator, Caller("192.0.2.1", "lab.example"), WORD)


def test_guesses_at_the_same_moment_are_all_counted(operator: Operator) -> None:
    with ThreadPoolExecutor(16) as pool:
        said = list(pool.map(lambda _: guess(operator), range(40)))
    assert sum("not the password" in words for words in said) == TRIES


def test_the_password_comes_from_the_file_or_else_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(VARIABLE, WORD)
    assert operator_of(None).sign_in(WORD, FAR)
    file = tmp_path / "password.txt"
    file.write_text("another one\n")
    assert operator_of(file).sign_in("another one", FAR)
    guess(operator_of(file), word=WORD)
    monkeypatch.setenv(VARIABLE, "")
    assert not operator_of(None).has_password


@pytest.mark.parametrize("content", [None, b"", b"short\n", b"\xff\xfe\xfa not text"])
def test_a_password_file_that_is_of_no_use_is_refused(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "password.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadInputError, match="password"):
        operator_of(file)
