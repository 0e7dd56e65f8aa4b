"""Hold what was written to its rules: every violation with file and line, coverage and variety.

    python -m crsdemo check-written

The rules are those that a program can check; what needs judgment was read by others, and the error
rates that they found stand in the card of the data (`written/README.md`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crsdemo.core.catalog import KNOWLEDGE_FILE, Catalog, Item
from crsdemo.core.config import flag
from crsdemo.recommenders.loading import CATALOG
from crsdemo.studies.statistics.shares import table
from crsdemo.training.written.data import (
    ACTS,
    NAMED,
    PLACE,
    TITLE,
    WRITTEN,
    AssistantTurn,
    FollowUp,
    Search,
    Stanced,
    UserTurn,
    WrittenDialogue,
    WrittenWish,
    read_lines,
    slot,
)
from crsdemo.training.written.follow_ups import of_follow_up
from crsdemo.training.written.variety import Variety, variety

LOGLINE_WORDS, N_TAGS, SEARCH_WORDS, N_FITTING = (12, 30), (5, 12), (8, 30), (3, 15)
REPLY_WORDS = 40  # at most
REPLIES = (2, 10)  # of the assistant in a conversation
ANIMATED = frozenset(
    ["hand-drawn animation", "computer animation", "anime"]
)  # tags that no film of flesh and blood has
PRAISE = re.compile(
    r"\b(?:acclaimed|brilliant|masterpiece|hilarious|must-see|stunning|unforgettable|beloved|"
    r"iconic|award-winning|superb|film|movie|audiences?)\b",
    re.IGNORECASE,
)
STOCK = re.compile(
    r"viewers (?:describe|say)|right up your (?:alley|street)|fits? the bill|perfect for you|"
    r"ticks? (?:all )?the boxes|based on your (?:preferences|taste)|as an ai\b|\*\*|#",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\w'’-]+")
_YEAR = re.compile(r"\b(?:19[1-9]\d|20[0-2]\d)\b")


@dataclass(frozen=True)
class CheckWrittenConfig:
    """Check the texts written for this project, and count what they cover."""

    catalog: Path = flag(CATALOG, "folder of the catalog")
    written: Path = flag(WRITTEN, "folder of the conversations, searches and wishes")


@dataclass
class WrittenReport:
    """Every violation, and what there is."""

    violations: list[str] = field(default_factory=list)  # file:line, and the rule that it breaks
    counts: dict[str, int | float] = field(default_factory=dict)
    acts: Counter[str] = field(default_factory=Counter)
    said: Variety | None = None

    def add(self, where: str, problems: Iterable[str]) -> None:
        self.violations += [f"{where}: {what}" for what in problems]


def check_written(catalog: Catalog, folder: Path = WRITTEN) -> WrittenReport:
    """Raises BadInputError for a file that cannot be read at all."""
    report = WrittenReport()
    _check_knowledge(catalog, report)
    _check_dialogues(catalog, list(read_lines(WrittenDialogue, folder)), report)
    searches = list(read_lines(Search, folder))
    for line, search in searches:
        report.add(line, of_search(search.query, catalog, search.item))
    report.counts["searches of public dialogues"] = len(searches)
    follow_ups = list(read_lines(FollowUp, folder))
    for line, follow_up in follow_ups:
        report.add(line, of_follow_up(follow_up))
    report.counts["questions about any film"] = len(follow_ups)
    _check_wishes(catalog, list(read_lines(WrittenWish, folder)), report)
    _check_stances(list(read_lines(Stanced, folder)), report)
    return report


def _check_stances(stanced: Sequence[tuple[str, Stanced]], report: WrittenReport) -> None:
    marks = [mark for _, row in stanced for _, mark in row.pieces() if mark is not None]
    report.counts |= {
        "sentences with stances": len(stanced),
        "things that they name": len(marks),
        "of these refused": sum(marks),
    }
    seen = set[str]()
    for line, row in stanced:
        text = "".join(words for words, _ in row.pieces()).lower()
        report.add(line, ["said before"] if text in seen else [])
        seen.add(text)


def _check_knowledge(catalog: Catalog, report: WrittenReport) -> None:
    known = [item for item in catalog if item.logline or item.tags]
    used = Counter(tag for item in known for tag in item.tags)
    vocabulary = frozenset(tag.name for tag in catalog.vocabulary)
    for number, item in enumerate(known, 1):
        report.add(f"{KNOWLEDGE_FILE}:{number}", of_item(item, vocabulary))
    loglines = Counter(item.logline for item in known)
    report.add(KNOWLEDGE_FILE, (f"twice: {text!r}" for text, n in loglines.items() if n > 1))
    report.add("tags.json", (f"no item has the tag {t!r}" for t in sorted(vocabulary - set(used))))
    report.counts |= {
        "films with logline and tags": len(known),
        "tags in the vocabulary": len(vocabulary),
        "tags per film": round(sum(used.values()) / max(1, len(known)), 1),
        "films of the most used tag": used.most_common(1)[0][1] if used else 0,
    }


def of_item(item: Item, vocabulary: frozenset[str]) -> Iterator[str]:
    """What is wrong with the logline and the tags of an item."""
    yield from _length("logline", item.logline, LOGLINE_WORDS)
    if not item.logline.endswith((".", "!", "?")):
        yield f"the logline ends in {item.logline[-1:]!r}, expected a full stop"
    if found := PRAISE.search(item.logline):
        yield f"the logline says {found[0]!r}"
    yield from (f"the logline names {p}" for p in item.people if _names(item.logline, p))
    yield from (f"{tag!r} is not in the vocabulary" for tag in item.tags if tag not in vocabulary)
    if len(set(item.tags)) < len(item.tags):
        yield "a tag is given twice"
    if not N_TAGS[0] <= len(item.tags) <= N_TAGS[1]:
        yield f"{len(item.tags)} tags, expected {N_TAGS[0]} to {N_TAGS[1]}"
    drawn = ANIMATED.intersection(item.tags)
    if drawn and item.genres and not {"animation", "family"}.intersection(item.genres):
        yield f"{min(drawn)!r}, though the genres are {', '.join(item.genres)}"


def _check_dialogues(
    catalog: Catalog, dialogues: Sequence[tuple[str, WrittenDialogue]], report: WrittenReport
) -> None:
    ids = Counter(dialogue.id for _, dialogue in dialogues)
    films: Counter[str] = Counter()
    for line, dialogue in dialogues:
        report.add(line, of_dialogue(dialogue, catalog))
        if ids[dialogue.id] > 1:
            report.add(line, [f"the id {dialogue.id} is given twice"])
        report.acts.update(act for turn in dialogue.turns if isinstance(turn, UserTurn)
                           for act in set(turn.acts))  # fmt: skip
        films.update({reply.item for reply in dialogue.replies if reply.item})
    replies = [reply for _, dialogue in dialogues for reply in dialogue.replies]
    report.said = variety([reply.says for reply in replies])
    report.counts |= {
        "conversations": len(dialogues),
        "replies": len(replies),
        "replies that recommend": sum(reply.move == "recommend" for reply in replies),
        "films spoken of": len(films),
        "conversations with the most frequent film": max(films.values(), default=0),
    }


def of_dialogue(dialogue: WrittenDialogue, catalog: Catalog) -> Iterator[str]:
    """What is wrong with a conversation."""
    kinds = [isinstance(turn, UserTurn) for turn in dialogue.turns]
    if not kinds[0] or any(a == b for a, b in zip(kinds, kinds[1:], strict=False)):
        yield "the user begins and the turns alternate; here they do not"
    if not REPLIES[0] <= len(dialogue.replies) <= REPLIES[1]:
        yield f"{len(dialogue.replies)} replies, expected {REPLIES[0]} to {REPLIES[1]}"
    typed, spoken, before = "", set[str](), ""
    for turn in dialogue.turns:
        if isinstance(turn, UserTurn):
            typed += " " + turn.text
            yield from (f"no item {i!r} here" for i in turn.named if i not in catalog.row)
            if re.search(r"[\[\]{}]", NAMED.sub("", turn.user)):
                yield f"a bracket that names nothing in {turn.user!r}"
            spoken.update(turn.named)
            continue
        yield from of_reply(turn, catalog, typed)
        if turn.item in spoken and turn.move == "recommend":
            yield f"{turn.item} is recommended, though it was spoken of"
        if turn.item and turn.item not in spoken and turn.move == "talk":
            yield f"{turn.item} is talked about, though nobody named it"
        if turn.move == before == "ask":
            yield "two questions in a row"
        spoken.update(filter(None, (turn.item, *turn.others)))
        before = turn.move


def of_reply(reply: AssistantTurn, catalog: Catalog, typed: str) -> Iterator[str]:
    """What is wrong with a reply after all that the user typed."""
    missing = [i for i in filter(None, (reply.item, *reply.others)) if i not in catalog.row]
    if missing:
        yield f"no item {missing[0]!r} here"
        return
    item = catalog.item(reply.item) if reply.item else None
    words = _WORD.findall(PLACE.sub("x", reply.says))
    if len(words) > REPLY_WORDS:
        yield f"{len(words)} words, expected at most {REPLY_WORDS}: {reply.says!r}"
    if found := STOCK.search(reply.says):
        yield f"a reply says {found[0]!r}"
    for name in reply.slots:
        if item is None:
            yield f"{{{name}}} without a film in {reply.says!r}"
        elif name != TITLE and slot(name).value(item) is None:
            yield f"{item.name} has no {{{name}}}"
    bare = PLACE.sub("", reply.says)
    if item and reply.move == "recommend":
        if TITLE not in reply.slots:
            yield f"a recommendation without {{title}}: {reply.says!r}"
        if reply.search is None:
            yield "a recommendation without a search"
        else:
            yield from of_search(reply.search, catalog, item.id)
    if (item is None) == (reply.move in ("recommend", "talk")):
        yield f"the move is {reply.move!r} and the item {reply.item!r}"
    yield from _literal(bare, item, typed)


def _literal(bare: str, item: Item | None, typed: str) -> Iterator[str]:
    """Facts in letters, which slots should say."""
    for year in _YEAR.findall(bare):
        if year not in typed:
            yield f"the year {year} in letters"
    for person in item.people if item else ():
        if _names(bare, person) and not _names(typed.title(), person.title()):
            yield f"{person} in letters"
    if item and len(item.title.split()) > 1 and item.title.lower() in bare.lower():
        yield f"{item.title} in letters"


def of_search(query: str, catalog: Catalog, item_id: str) -> Iterator[str]:
    """What is wrong with a pseudo-query that should find an item."""
    yield from _length("search", query, SEARCH_WORDS)
    if item_id not in catalog.row:
        yield f"no item {item_id!r} here"
        return
    title = catalog.item(item_id).title
    plain = len(title.split()) == 1 and title.lower() in query  # an ordinary word, in small letters
    if not plain and re.search(rf"(?<!\w){re.escape(title)}(?!\w)", query, re.IGNORECASE):
        yield f"the search names {title!r}, which it should find"


def _check_wishes(
    catalog: Catalog, wishes: Sequence[tuple[str, WrittenWish]], report: WrittenReport
) -> None:
    texts = Counter(wish.wish.lower() for _, wish in wishes)
    for line, wish in wishes:
        report.add(line, (f"no item {i!r} here" for i in wish.items if i not in catalog.row))
        if not N_FITTING[0] <= len(set(wish.items)) <= N_FITTING[1]:
            report.add(line, [f"{len(set(wish.items))} items, expected 3 to 15"])
        if len(set(wish.items)) < len(wish.items):
            report.add(line, ["an item is given twice"])
        if texts[wish.wish.lower()] > 1:
            report.add(line, [f"twice: {wish.wish!r}"])
    report.counts |= {
        "wishes": len(wishes),
        "wishes about what no keyword says": sum(wish.kind == "nuance" for _, wish in wishes),
        "films that fit some wish": len({i for _, wish in wishes for i in wish.items}),
    }


def _length(what: str, text: str, bounds: tuple[int, int]) -> Iterator[str]:
    n = len(text.split())
    if not bounds[0] <= n <= bounds[1]:
        yield f"the {what} has {n} words, expected {bounds[0]} to {bounds[1]}: {text!r}"


def _names(text: str, person: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(person)}(?!\w)", text) is not None


def render(report: WrittenReport, most: int = 50) -> str:
    """Violations first, then what there is."""
    lines = report.violations[:most]
    if len(report.violations) > most:
        lines.append(f"... and {len(report.violations) - most:,} more")
    lines.append(f"{len(report.violations):,} violations\n")
    lines.append(table(("what there is", "n"), [(k, f"{v:,}") for k, v in report.counts.items()]))
    acts = [(act, f"{report.acts[act]:,}") for act in sorted(ACTS, key=lambda a: -report.acts[a])]
    lines.append("\n" + table(("user act", "turns"), acts))
    if report.said:
        rows = [(name, f"{100 * share:.2f}%") for name, share in report.said.shares.items()]
        lines.append("\n" + table(("variety of the replies", "share"), rows))
    return "\n".join(lines)
