"""What a browser remembers of who sits before it: signed, so that an id alone lets nobody in.

Ids stand in the log and in its copies. The browser that was given one shows our signature with it:
`guard/events.py` refuses others, and a page that is opened takes them for somebody new.
"""

from __future__ import annotations

import hmac

from crsdemo.web.shared.live import Kept

SIGNATURE = "signed"  # its name among what is remembered
WHO = ("visitor", "annotator")  # names by which the log knows somebody


def signed(held: Kept, secret_key: bytes) -> Kept:
    """The same, with a signature of who it says somebody is. `secret_key`: that of the log."""
    return {**held, SIGNATURE: _signature(held, secret_key)}


def ours(held: Kept | None, secret_key: bytes) -> Kept:
    """What is remembered; nothing, if it says who somebody is without our signature."""
    return held if held and is_ours(held, secret_key) else {}


def is_ours(held: Kept, secret_key: bytes) -> bool:
    """Whether this says of nobody that it is them, or says so with our signature."""
    if not any(name in held for name in WHO):
        return True
    said = held.get(SIGNATURE, "").encode(errors="replace")
    return hmac.compare_digest(said, _signature(held, secret_key).encode())


def _signature(held: Kept, secret_key: bytes) -> str:
    who = [f"{name} {held[name]}" for name in WHO if name in held]
    said = "\n".join(["remembered", *who]).encode(errors="surrogatepass")
    return hmac.new(secret_key, said, "sha256").hexdigest()
