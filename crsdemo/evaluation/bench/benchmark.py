"""How fast and how large: times, ratios and memory, each measured in this run on this machine.

    python -m crsdemo benchmark --recommender gcrs

Ratios compare two ways of doing one thing, alternating, so that a busy machine slows both.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path
from statistics import median

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from crsdemo.core.config import flag, parse
from crsdemo.core.dialogue import Dialogue, Turn
from crsdemo.core.errors import BadInputError, CrsdemoError
from crsdemo.core.recommender import Recommender
from crsdemo.evaluation.bench.figures import (
    MESSAGES,
    MIDDLE_OF_A_TALK,
    Figure,
    peak_memory,
    tell,
    timed,
)
from crsdemo.evaluation.config import RecommenderConfig
from crsdemo.model.beam import ItemDecoder
from crsdemo.model.decoding import Context, Decoder
from crsdemo.model.grammar import Grammar
from crsdemo.model.sampling import Sampling, TextConstraint, TokenSampler
from crsdemo.model.tokens import ControlTokens
from crsdemo.recommenders.gcrs import Gcrs
from crsdemo.recommenders.loading import HOME


def reply_times(recommender: Recommender, messages: Sequence[str] = MESSAGES) -> list[Figure]:
    """Medians over single-turn dialogues, after one reply to warm up."""
    _reply_time(recommender, messages[0])
    first, whole = zip(*(_reply_time(recommender, message) for message in messages), strict=True)
    return [
        Figure("first word of a reply, median", median(first), "s", at_most=0.8),
        Figure("whole reply, median", median(whole), "s", at_most=1.6),
    ]


def _reply_time(recommender: Recommender, message: str) -> tuple[float, float]:
    """Seconds to the first text and to the complete reply."""
    started, first = time.perf_counter(), None
    for reply in recommender.stream(Dialogue().say(Turn("user", message))):
        if first is None and reply.text.strip():
            first = time.perf_counter() - started
    whole = time.perf_counter() - started
    return (whole if first is None else first), whole


def decoding_cost(
    decoder: Decoder, prompt: Sequence[int], n_tokens: int = 40, repeats: int = 7
) -> list[Figure]:
    """What the grammar adds to the time per token of the text; both loops are greedy.

    `prompt`: token ids of a history up to where the assistant begins.
    """
    opening = [*prompt, decoder.control.chat, decoder.control.resp]
    free, held = [], []
    for _ in range(repeats):
        free.append(_seconds_per_token(_unconstrained(decoder, decoder.read(_row(opening)))))
        words = TextConstraint(decoder.grammar, "CHAT", (), ())
        sampler = TokenSampler(words, Sampling(max_tokens=n_tokens))
        text = decoder.write(decoder.read(_row(opening)), sampler)
        held.append(_seconds_per_token(islice(text, n_tokens)))
    cost = 100 * (median(held) / median(free) - 1)
    return [
        Figure("a token without the grammar", 1000 * median(free), "ms"),
        Figure("a token under the grammar", 1000 * median(held), "ms"),
        Figure("what the grammar adds", cost, "%", at_most=10),
    ]


def _unconstrained(decoder: Decoder, context: Context, n_tokens: int = 40) -> Iterator[int]:
    for _ in range(n_tokens):
        token = int(context.logits[0].argmax())
        yield token
        decoder.feed(context, [token])


def _seconds_per_token(tokens: Iterator[int]) -> float:
    """Time between tokens. The first is left out: it comes from the prompt's own logits."""
    next(tokens, None)
    seconds, n = timed(lambda: sum(1 for _ in tokens))
    return seconds / max(1, n)


def _row(tokens: Sequence[int]) -> Tensor:
    return torch.tensor([list(tokens)])


def beam_speed(
    decoder: ItemDecoder, prompt: Sequence[int], width: int = 50, repeats: int = 3
) -> list[Figure]:
    """The trie beam against the beam search of transformers, each from an unread prompt.

    `prompt`: token ids of a history up to where the assistant begins.
    """
    opening = [*prompt, decoder.control.rec, decoder.control.boi]
    ours, theirs = [], []
    for _ in range(repeats):
        seconds, (ranking,) = timed(lambda: decoder.beam(decoder.read(_row(opening)), width))
        ours.append(seconds)
        seconds, reference = timed(partial(stock_beam, decoder, opening, width))
        theirs.append(seconds)
    pairs = zip(ranking.item_ids, reference, strict=True)
    same = sum(a == b for a, b in pairs) / len(reference)
    return [
        Figure(f"ranking {width} by beam over the trie", 1000 * median(ours), "ms"),
        Figure(f"ranking {width} by transformers' beam search", 1000 * median(theirs), "ms"),
        Figure("how many times faster", median(theirs) / median(ours), "times", at_least=5),
        Figure("items at the same rank in both", 100 * same, "%", at_least=100),
    ]


def stock_beam(decoder: Decoder, opening: Sequence[int], width: int) -> list[str]:
    """Item ids, best first, by `generate` with `prefix_allowed_tokens_fn`.

    `opening`: token ids up to `<BOI>`. The settings make its scores those of the trie beam:
    renormalised over the allowed tokens, not divided by the length.
    """
    trie, control, start = decoder.trie, decoder.control, len(opening)

    def allowed(_: int, ids: Tensor) -> list[int]:
        codes = [control.code[token][1] for token in ids[start:].tolist()]
        return [control.item_token[len(codes)][code] for code in trie.children(codes)]

    out = decoder.model.generate(
        _row(opening).to(decoder.device),
        attention_mask=torch.ones(1, start, dtype=torch.long, device=decoder.device),
        num_beams=width,
        num_return_sequences=width,
        max_new_tokens=trie.n_levels,
        do_sample=False,
        prefix_allowed_tokens_fn=allowed,
        renormalize_logits=True,
        length_penalty=0.0,
        pad_token_id=control.eos,
    )
    rows = out[:, start:].tolist()
    return [trie.items([control.code[token][1] for token in row])[0] for row in rows]


def grammar_times(
    tokenizer: PreTrainedTokenizerBase,
    control: ControlTokens,
    semantic_ids: Mapping[str, Sequence[int]],
) -> list[Figure]:
    """Building the automaton of the catalog, and taking it from the cache."""
    with tempfile.TemporaryDirectory() as folder:
        build = partial(Grammar, tokenizer, control, semantic_ids, Path(folder))
        seconds = [timed(build)[0] for _ in range(2)]
    return [
        Figure(f"building the grammar of {len(semantic_ids):,} items", seconds[0], "s", at_most=5),
        Figure("the same from the cache", seconds[1], "s"),
    ]


def app_start(
    command: Sequence[str], url: str, use: Callable[[], None] = lambda: None, timeout: float = 120
) -> list[Figure]:
    """Start the app, wait until `url` answers, `use` it and stop it.

    `command` must not leave a child of its own behind. Raises CrsdemoError if the app ends or does
    not answer within `timeout` seconds.
    """
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            while not _answers(url):
                if process.poll() is not None or time.perf_counter() - started > timeout:
                    output.seek(0)
                    raise CrsdemoError(_no_answer(url, process, output.read()))
                time.sleep(0.05)
            ready = time.perf_counter() - started
            use()
            peak = _peak_memory_of(process.pid)
        finally:
            process.terminate()
            process.wait()
    start = Figure("start of the app until the page answers", ready, "s", at_most=20)
    return [start, *(Figure("peak memory of the app", gb, "GB", at_most=2.5) for gb in peak)]


def _no_answer(url: str, process: subprocess.Popen[bytes], output: bytes) -> str:
    ended = f"ended with status {process.returncode}"
    state = "is still starting" if process.returncode is None else ended
    last = output.decode(errors="replace").strip()[-500:]
    return f"{url} did not answer; the app {state}. Start it by hand to see why. It said: {last}"


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _peak_memory_of(pid: int) -> list[float]:
    """The most memory that a process ever held, in GB; nothing where there is no /proc.

    What `wait4` tells of a child is no use: Linux counts the memory of its parent in.
    """
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return [int(line.split()[1]) * 1024 / 1e9 for line in lines if line.startswith("VmHWM:")]


def measure(
    recommender: Recommender,
    decoder: ItemDecoder,
    tokenizer: PreTrainedTokenizerBase,
    prompt: Sequence[int],
) -> Iterator[Figure]:
    """All figures but those of the app, as they are measured.

    `prompt`: token ids of a history up to where the assistant begins. Memory is read before the
    beam search of transformers, which copies the prompt's cache for every beam.
    """
    trie = decoder.trie
    semantic_ids = {item_id: trie.codes(item_id) for item_id in trie.item_ids}
    yield from reply_times(recommender)
    yield peak_memory()
    yield from decoding_cost(decoder, prompt)
    yield from beam_speed(decoder, prompt)
    yield from grammar_times(tokenizer, decoder.control, semantic_ids)


@dataclass(frozen=True)
class BenchmarkConfig(RecommenderConfig):
    """Measure speed and memory, as ratios where machines differ."""

    port: int = flag(7899, "free port on which the app is started once")
    json: Path | None = flag(None, "write the figures there")

    @property
    def outputs(self) -> tuple[Path, ...]:
        return (self.json,) if self.json else ()


def main(argv: Sequence[str]) -> None:
    """Print each figure as soon as it is measured. Raises BadInputError for other recommenders."""
    config = parse(BenchmarkConfig, argv, "crsdemo benchmark")
    recommender, _ = config.load()
    if not isinstance(recommender, Gcrs):
        raise BadInputError(f"the benchmark needs a generative checkpoint, not {recommender.name}")
    talker, port = recommender.talker, str(config.port)
    texts = enumerate(MIDDLE_OF_A_TALK)  # where a beam is ranked mostly
    talk = Dialogue(tuple(Turn("assistant" if n % 2 else "user", text) for n, text in texts))
    prompt = talker.history(talk).ids
    measured = measure(recommender, recommender.decoder, talker.loaded.tokenizer, prompt)
    with tempfile.TemporaryDirectory() as folder:
        app = (sys.executable, str(HOME / "app.py"), "--port", port, "--db", f"{folder}/f.db")
        tell(chain(measured, app_start(app, f"http://127.0.0.1:{port}")), config.json)
