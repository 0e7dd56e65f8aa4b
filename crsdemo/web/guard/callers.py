"""Where a request comes from, as far as that can be known: headers are hearsay.

The address is that of the other end of the connection. Only of a proxy that the operator named is
it believed for whom it asks.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crsdemo.core.errors import BadInputError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# Headers by which a proxy says that it passes something on
_PASSED_ON = re.compile(
    r"via|(cf|fly|akamai|x-(amzn|arr|azure|appengine|cloud))-.*|x-(scheme|host|request-id)"
    r"|.*(forwarded|proxy|real-ip|client-ip|remote-(ip|addr)|original-|cluster-|envoy).*"
)


@dataclass(frozen=True)
class Caller:
    """Where a request comes from, as the server has it."""

    address: str  # of the other end of the connection
    host: str  # the name that the request was sent to, maybe with a port
    is_forwarded: bool = False  # by somebody, so that the address is theirs or hearsay

    @classmethod
    def of(cls, address: str, headers: Mapping[str, str], port: int | None = None) -> Caller:
        """Of a request with these headers. `port` is ours: one sent to another was passed on."""
        names = [name.lower() for name in headers]
        caller = cls(address, next((headers[n] for n in headers if n.lower() == "host"), ""))
        elsewhere = port is not None and caller._port != port
        return cls(address, caller.host, elsewhere or any(map(_PASSED_ON.fullmatch, names)))

    @classmethod
    def of_scope(cls, scope: Mapping[str, Any]) -> Caller:
        """Of a request as ASGI has it."""
        headers = {
            name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]
        }
        server = scope.get("server") or ("", None)
        return cls.of(peer(scope), headers, server[1])

    @property
    def is_here(self) -> bool:
        """Surely from this machine, and asked for under its own name.

        A page elsewhere whose name resolves to this machine asks under that name.
        """
        return not self.is_forwarded and _is_loopback(self.address) and _is_loopback(self.name)

    @property
    def name(self) -> str:
        """The host without its port."""
        if self.host.startswith("["):
            return self.host[1:].partition("]")[0]
        return self.host.partition(":")[0]

    @property
    def _port(self) -> int | None:
        port = self.host.rpartition("]")[2].partition(":")[2] or "80"
        return int(port) if port.isdecimal() and len(port) < 6 else None


@dataclass(frozen=True)
class Proxies:
    """Those of whom it is believed for whom they ask."""

    trusted: tuple[Network, ...] = ()

    @classmethod
    def named(cls, given: Iterable[str]) -> Proxies:
        """Raises BadInputError for what is no address and no network."""
        try:
            return cls(tuple(ipaddress.ip_network(one, strict=False) for one in given))
        except ValueError as error:
            raise BadInputError(
                f"--trusted-proxy takes addresses or networks such as 10.0.0.0/8 ({error})"
            ) from error

    def address(self, scope: Mapping[str, Any]) -> str:
        """Who asks: the last one in the header that is no proxy of ours, else the other end."""
        address = peer(scope)
        if not self._trusts(address):
            return address
        headers = [v for name, v in scope["headers"] if name.lower() == b"x-forwarded-for"]
        for one in reversed(b",".join(headers).decode("latin-1").split(",")):
            if not _is_address(one.strip()):
                break
            address = one.strip()
            if not self._trusts(address):
                break
        return address

    def _trusts(self, address: str) -> bool:
        if not self.trusted or not _is_address(address):
            return False
        parsed = ipaddress.ip_address(address)
        return any(parsed in network for network in self.trusted)


def peer(scope: Mapping[str, Any]) -> str:
    """The address of the other end, "" if there is none."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def counted_as(address: str) -> str:
    """Under which name an address is counted: somebody with IPv6 has 2^64 of them."""
    if not _is_address(address):
        return address
    parsed = ipaddress.ip_address(address)
    if parsed.version == 4:
        return str(parsed)
    mapped = parsed.ipv4_mapped
    return str(mapped or ipaddress.ip_network((parsed, 64), strict=False))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    if not _is_address(name):
        return False
    address = ipaddress.ip_address(name)
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
