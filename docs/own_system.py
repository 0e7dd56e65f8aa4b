"""A system of your own: a function, and the same as a server, `python docs/own_system.py 9000`."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FILMS = ["Heat (1995)", "Alien (1979)", "The Matrix (1999)", "Groundhog Day (1993)"]


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    said = " ".join(turn["content"] for turn in asked["dialogue"])
    film = next((f for f in FILMS if f[:-7] not in said and f not in asked["avoid"]), FILMS[0])
    return {"text": f"How about {film}?", "items": [film], "evidence": {"query": said[-200:]}}


class Chat(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer(asked)).encode())


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Chat).serve_forever()
