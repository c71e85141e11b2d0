"""Names under which the dashboard answers, against DNS rebinding.

A page of another site can have its own name resolved to 127.0.0.1, and then read what listens
there as if it were its own. Its requests carry that name in the header ``Host``, so requests for
names that are not those of this server are refused.
"""

import re
import socket
from collections.abc import Callable, Collection, Iterable
from urllib.parse import urlsplit

import psutil
from flask import Flask, Response, request

from dse.contracts.errors import UsageError

LOCAL = ("127.0.0.1", "localhost", "::1")
_ALL = ("0.0.0.0", "::", "")  # noqa: S104  (the user asked for all addresses)


def names_of(host: str, extra: Iterable[str] = ()) -> frozenset[str]:
    """Return the names and addresses under which a server on `host` is reached.

    Args:
        host: name or address that the server listens on.
        extra: further names, such as that of a proxy.

    Raises:
        UsageError: one of the further names is not a name or an address.
    """
    own = (socket.gethostname(), *_addresses()) if host in _ALL else (host,)
    return frozenset(name.lower() for name in (*LOCAL, *own, *map(_checked, extra)))


def _addresses() -> Iterable[str]:
    """Return the addresses of this machine, those of IPv6 without their interface."""
    found = (one.address for some in psutil.net_if_addrs().values() for one in some)
    return (address.partition("%")[0] for address in found)


def _checked(name: str) -> str:
    bare = name.removeprefix("[").removesuffix("]")
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", bare):
        hint = "write a name without http:// and port, such as lab.example.org"
        raise UsageError(f"'{name}' is not a name of a host", where="--allow-host", hint=hint)
    return bare


def answered_only_for(server: Flask, names: Collection[str]) -> None:
    """Refuse requests whose ``Host`` is none of these names; the port does not matter."""

    def check() -> Response | None:
        asked = _host(request.host)
        if asked in names:
            return None
        text = (
            f"dse: this dashboard does not answer to the name '{asked[:100]}'. Open the address "
            "that dse dashboard printed, or start it with --allow-host and this name.\n"
        )
        return Response(text, 421, mimetype="text/plain")

    checked_first(server, check)


def checked_first(server: Flask, check: Callable[[], Response | None]) -> None:
    """Call `check` before all that is called now before a request; its answer is the answer."""
    server.before_request_funcs.setdefault(None, []).insert(0, check)


def _host(header: str) -> str:
    """Return the host of ``host:port`` in lower case; empty for anything else."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:  # half of the brackets of an IPv6 address
        return ""
