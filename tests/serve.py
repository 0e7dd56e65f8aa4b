"""The demo with stand-ins as a process of its own, which a test can kill: `serve.py DB PORT`."""

from __future__ import annotations

import sys
from pathlib import Path

from stand_in import CATALOG, NoLinker, StandIn, StandIns

import crsdemo.feedback.log
import crsdemo.web.upkeep
from app import serve
from crsdemo.chat.exchange import Exchange
from crsdemo.chat.side_by_side import SideBySide
from crsdemo.feedback.log import FeedbackLog
from crsdemo.web.demo import Demo

if __name__ == "__main__":
    crsdemo.feedback.log.SILENT_SECONDS = 2.0  # a test does not wait for half a minute
    crsdemo.web.upkeep.PAUSE = 0.5
    log = FeedbackLog(Path(sys.argv[1]))
    left, right = StandIn(0.03, "red"), StandIn(0.03, "blue")
    pair = SideBySide(StandIns((left, right)), NoLinker(), log)
    serve(Demo(Exchange(left, NoLinker(), log), pair, CATALOG), "127.0.0.1", int(sys.argv[2]))
