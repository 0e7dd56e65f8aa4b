"""The demo with stand-ins as a process of its own, which a test can kill: `serve.py DB PORT`.

A third number says for how many seconds a closed tab is remembered; then nobody is limited, either.
"""

from __future__ import annotations

import sys
from pathlib import Path

from stand_in import CATALOG, NoLinker, StandIn, StandIns

import crsdemo.feedback.log
import crsdemo.web.upkeep
from app import serve
from crsdemo.chat.admission import NO_LIMITS, Admission
from crsdemo.chat.exchange import Exchange
from crsdemo.chat.side_by_side import SideBySide
from crsdemo.feedback.log import FeedbackLog
from crsdemo.web.demo import Demo
from crsdemo.web.guard import housekeeping

if __name__ == "__main__":
    crsdemo.feedback.log.SILENT_SECONDS = 2.0  # a test does not wait for half a minute
    crsdemo.web.upkeep.PAUSE = 0.5
    admission = Admission()
    if len(sys.argv) > 3:
        admission = Admission(NO_LIMITS)
        housekeeping.CLOSED = housekeeping.DRAWN = float(sys.argv[3])
    log = FeedbackLog(Path(sys.argv[1]))
    left, right = StandIn(0.03, "red"), StandIn(0.03, "blue")
    pair = SideBySide(StandIns((left, right)), NoLinker(), log, admission)
    demo = Demo(Exchange(left, NoLinker(), log, admission), pair, CATALOG)
    serve(demo, "127.0.0.1", int(sys.argv[2]))
