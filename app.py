"""The demo in a browser: `python app.py --host 127.0.0.1 --port 7860 --db feedback.db`."""

from __future__ import annotations

import argparse
import os
import reprlib
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from crsdemo.chat.admission import Admission, Limits
from crsdemo.chat.exchange import Exchange
from crsdemo.chat.side_by_side import SideBySide
from crsdemo.chat.study_desk import StudyDesk
from crsdemo.core.catalog import Catalog
from crsdemo.core.errors import BadInputError, CrsdemoError
from crsdemo.evaluation.folder import REPORTS, load_reports
from crsdemo.evaluation.stages.folder import FOLDER, load_stages
from crsdemo.feedback.backup import Backups
from crsdemo.feedback.log import FeedbackLog
from crsdemo.recommenders.loading import CATALOG, DEFAULT, Shelf
from crsdemo.recommenders.outside.systems import Endpoint, Function, Named, parse_system
from crsdemo.recommenders.serving.fleet import Fleet
from crsdemo.studies.study import parse_study
from crsdemo.studies.systems import load_all, read_systems
from crsdemo.web import serving
from crsdemo.web.demo import Demo
from crsdemo.web.guard.callers import Proxies
from crsdemo.web.operator import VARIABLE, operator_of

if TYPE_CHECKING:
    import gradio as gr

TRACEBACK = "CRSDEMO_TRACEBACK"


class AddressError(CrsdemoError):
    """The host or port cannot be used."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 after the server was stopped, 2 if it could not start."""
    options = _parse(arguments)
    try:
        port = check_address(options.host, options.port)  # before the seconds that loading takes
        operator = operator_of(options.password_file)
        proxies = Proxies.named(options.trusted_proxy)
        fleet = Fleet.of(options.ray) if options.ray else None
        with read_from("--study", options.study):
            study = parse_study(options.study) if options.study else None
        with read_from("--recommenders", options.recommenders):
            systems = study.entrants if study else read_systems(options.recommenders)
        measured = options.reports or _reports_of(options.catalog)
        with read_from("--reports", measured):
            reports = load_reports(measured) if options.reports or measured.is_dir() else ()
            stages = load_stages(measured / FOLDER)
        admission = Admission(_limits(options))
        with read_from("--catalog", options.catalog):
            catalog = Catalog.load(options.catalog)
            shelf = _shelf(options, fleet, catalog, systems)
            linker = shelf.linker
            # What is wrong with them is said now, not to a visitor
            load_all(shelf) if study else shelf.get_outside()
        with read_from("--db", options.db):
            _keep_private(options.db)
            log = FeedbackLog(options.db)
        first = options.checkpoint or next(iter(shelf.systems), DEFAULT)
        with read_from("--checkpoint", first):
            exchange = Exchange(shelf.get(first), linker, log, admission, domain=catalog.domain)
        side_by_side = SideBySide(shelf, linker, log, admission)
        desk = StudyDesk.open(study, side_by_side, catalog) if study else None
        if desk:
            _prepare(desk)
        demo = Demo(
            exchange,
            side_by_side,
            catalog,
            operator,
            _backups(options),
            tuple(options.blind),
            desk,
            reports,
            stages,
            proxies,
            shelf.judge,
            fleet.at_once if fleet else None,
        )
        serve(demo, options.host, port)
        log.close()
    except CrsdemoError as error:
        print(f"crsdemo cannot start: {error}", file=sys.stderr)
        return 2
    return 0


@contextmanager
def read_from(option: str, given: object) -> Iterator[None]:
    """Whatever a damaged file brings about becomes a CrsdemoError that names the option."""
    try:
        yield
    except CrsdemoError:
        raise
    except Exception as error:  # a flipped bit ends in errors of every kind
        if os.environ.get(TRACEBACK):
            raise
        about = reprlib.repr(" ".join(str(error).split()))
        raise BadInputError(
            f"{option} {reprlib.repr(str(given))} cannot be used "
            f"({type(error).__name__}: {about}); is it damaged? {TRACEBACK}=1 shows where"
        ) from error


def _shelf(
    options: argparse.Namespace,
    fleet: Fleet | None,
    catalog: Catalog,
    systems: Sequence[Named | Endpoint | Function],
) -> Shelf:
    """Recommenders that answer in this process, or in replicas."""
    if fleet is None:
        return Shelf(catalog, options.catalog, systems=systems)
    from crsdemo.recommenders.serving.on_ray import RayShelf

    first = systems or [parse_system(options.checkpoint or DEFAULT)]
    ours = [system.name for system in first if isinstance(system, Named)]
    print(f"starting {fleet.least} replicas ...")
    return RayShelf(fleet, catalog, options.catalog, systems, ours)


def _reports_of(catalog: Path) -> Path:
    """Ours were measured on our catalog; another's lie beside it, if there are any."""
    return REPORTS if catalog.resolve() == CATALOG.resolve() else catalog / "reports"


def _keep_private(db: Path) -> None:
    """What people say is for the operator alone: other users of the machine cannot read it."""
    os.umask(0o077)
    for ending in ("", "-wal", "-shm", ".outbox.jsonl", ".outbox-damaged.jsonl"):
        with suppress(OSError, ValueError):
            if os.path.isfile(path := f"{db}{ending}"):
                os.chmod(path, 0o600)


def check_address(host: str, port: int) -> int:
    """The port, one that is free for 0. Raises AddressError if nothing can listen there."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return int(probe.getsockname()[1])
    except (OSError, OverflowError, UnicodeError) as error:  # the last of what is no name
        raise _in_use(host, port, error) from error


def _in_use(host: str, port: int | None, error: Exception) -> AddressError:
    return AddressError(
        f"port {port} of {host} cannot be used ({error}); stop what listens there or name others "
        "with --host and --port"
    )


def serve(demo: Demo, host: str, port: int) -> None:
    """Show the pages until the process is interrupted. Raises AddressError."""
    blocks, url = open_pages(demo, host, port)
    demo.upkeep.start()
    exchange, held = demo.exchange, demo.catalog.domain.count(len(demo.catalog))
    print(f"crsdemo is ready: {url} ({exchange.recommender.name}, {held})")
    print(f"what people say and think of it goes to {exchange.log.path}; stop with Ctrl+C")
    if demo.study:
        print(f"the study {demo.study.study.title!r}: {_way_in(demo.study, url)}; the other pages")
        print(f"are closed, but for the results. To try it, uncounted: {url}study?test=NAME")
    asked = "with the password" if demo.operator.has_password else "on this machine alone"
    print(f"results of votes: {url}results ({asked})")
    blocks.block_thread()
    demo.upkeep.stop()


def _way_in(desk: StudyDesk, url: str) -> str:
    if desk.study.plain_names:
        return f"{url}study?participant=NAME"
    return f"{url}study, or `python -m crsdemo sign-links` for links with names"


def open_pages(demo: Demo, host: str, port: int | None) -> tuple[gr.Blocks, str]:
    """Start the server and return at once, with its URL. Raises AddressError."""
    try:
        return serving.open_pages(demo, host, port)
    except OSError as error:
        raise _in_use(host, port, error) from error


def _prepare(desk: StudyDesk) -> None:
    """Answer what several people will judge: nobody shall wait for it. Raises CrsdemoError."""
    n_replays = sum(len(task.replays) for task in desk.study.tasks)
    print(f"{desk.study.title}: answering what several people judge ({n_replays} messages) ...")
    desk.prepare()


def _limits(options: argparse.Namespace) -> Limits:
    return Limits(
        options.visitor_messages,
        options.all_messages,
        options.visitor_opinions,
        options.address_messages,
    )


def _backups(options: argparse.Namespace) -> Backups | None:
    folder = options.backups
    return Backups.each(options.db, folder, options.backup_minutes) if folder else None


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="app.py", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=7860)
    parser.add_argument("--db", type=Path, default=Path("feedback.db"), help="the log")
    parser.add_argument(
        "--password-file",
        type=Path,
        help=f"a text file with the password of the results page (else {VARIABLE}; with neither "
        "the page is shown on this machine alone)",
    )
    parser.add_argument(
        "--backups", type=Path, help="a folder for copies of the log (default: none)"
    )
    parser.add_argument(
        "--backup-minutes", type=float, default=60.0, help="between two backups (%(default)s)"
    )
    allowed = Limits()
    parser.add_argument(
        "--visitor-messages",
        default=allowed.visitor_messages,
        help="how many one visitor may send (%(default)s; '' for no limit)",
    )
    parser.add_argument(
        "--all-messages", default=allowed.all_messages, help="all visitors together (%(default)s)"
    )
    parser.add_argument(
        "--visitor-opinions",
        default=allowed.visitor_opinions,
        help="how many verdicts, ratings and marks one visitor may give (%(default)s)",
    )
    parser.add_argument(
        "--address-messages",
        default=allowed.address_messages,
        help="how many may come from one address, under whatever names (%(default)s)",
    )
    parser.add_argument(
        "--trusted-proxy",
        nargs="+",
        default=[],
        metavar="ADDRESS",
        help="proxies before the app, whose X-Forwarded-For is believed (default: nobody's)",
    )
    parser.add_argument(
        "--study", type=Path, help="the file of a study to run; the other pages are closed then"
    )
    parser.add_argument(
        "--reports",
        type=Path,
        help="a folder of evaluations for /report; by default ours, of our catalog alone",
    )
    parser.add_argument("--catalog", type=Path, default=CATALOG, help="its folder")
    parser.add_argument(
        "--checkpoint",
        help="who answers in a talk: the name or folder of a checkpoint, or `popularity` (default: "
        f"the first of --recommenders, else {DEFAULT})",
    )
    parser.add_argument(
        "--ray",
        metavar="N",
        help="our recommenders answer in so many processes, as 2, or 1-8 for as many as there is "
        "work for (wants Ray: pip install -r requirements-ray.txt; docs/scale.md)",
    )
    parser.add_argument(
        "--recommenders",
        nargs="+",
        default=[],
        metavar="NAME",
        help="who can be compared: names, NAME=URL, NAME=MODULE:FUNCTION, files with [[systems]], "
        "also by commas (default: all there are); docs/your-own-system.md",
    )
    parser.add_argument(
        "--blind",
        nargs="+",
        default=[],
        metavar="NAME",
        help="two or more from which the pair at /blind is drawn (default: gcrs and reges)",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
