"""The HTTP server: for this machine alone by default, and only for those who have the token."""

import errno
import secrets
import socket
from collections.abc import Callable, Iterable
from contextlib import closing
from urllib.parse import urlencode

from werkzeug.serving import make_server

from dashboards.access import guarded, own_pages_only
from dashboards.app import create_app
from dashboards.content_policy import with_content_policy
from dashboards.hosts import answered_only_for, names_of
from dashboards.reading_ahead import read_ahead
from dashboards.source import Source
from dse.contracts.errors import UsageError

_HOSTS = "set --host to a name or an address of this machine"


def serve(
    database: str,
    host: str,
    port: int,
    token: str | None,
    ready: Callable[[str], None],
    *,
    allowed: Iterable[str] = (),
) -> None:
    """Serve until interrupted.

    Args:
        database: file or SQLAlchemy URL.
        host: name or address to listen on.
        port: port; 0 for any free one.
        token: token of visitors; None or empty makes one. Other users of this machine reach its
            ports too, so there is always one.
        ready: called with the address of the dashboard once it is open.
        allowed: names in addresses that are answered besides those of this machine.

    Raises:
        StoreError: if the database cannot be read.
        UsageError: if the port is in use, the address is not one of this machine, or `allowed`
            has what is no name.
    """
    source = Source(database)
    app = create_app(source)
    secret = token or secrets.token_urlsafe(16)
    others = frozenset(name.lower() for name in allowed)
    with_content_policy(app)
    guarded(app.server, secret)
    own_pages_only(app.server, others)
    answered_only_for(app.server, names_of(host, others))  # checked before the token
    # Werkzeug gets an open socket: on its own it ends the process if the port is in use.
    with _listening(host, port) as listening:
        server = make_server(host, port, app.server, threaded=True, fd=listening.fileno())
        with closing(server.socket):
            address = f"http://{shown_host(host)}:{server.port}/"
            read_ahead(source)
            ready(f"{address}?{urlencode({'token': secret})}")
            server.serve_forever()


def _listening(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        UsageError: if the port is in use or the address is not one of this machine.
    """
    try:
        (family, *_, address), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return socket.create_server(address[:2], family=family)  # IPv6 addresses have four items
    except OSError as error:
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        hint = "choose another port; --port 0 takes any free one" if taken else _HOSTS
        message = f"cannot listen: {error.strerror or error}"
        raise UsageError(message, where=f"{host}:{port}", hint=hint) from error


def shown_host(host: str) -> str:
    """Return the host for an address that a browser can open."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104  (the user asked for all addresses)
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host
