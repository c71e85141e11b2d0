"""The HTTP server: for this machine alone by default, for other hosts only with a token."""

import errno
import secrets
import socket
from collections.abc import Callable, Iterable
from urllib.parse import urlencode

from flask import Flask, Response, redirect, request
from werkzeug.serving import make_server

from dashboards.app import create_app
from dashboards.hosts import LOCAL, answered_only_for, checked_first, names_of
from dashboards.source import Source
from dse.contracts.errors import UsageError

_COOKIE = "dse-token"
_HOSTS = "set --host to a name or an address of this machine"


def guarded(server: Flask, token: str) -> None:
    """Refuse requests without the token: once in the address, from then on in a cookie.

    A correct token in the address is moved to the cookie by a redirection, so that it does not
    stay in addresses that people copy.
    """

    def check() -> Response | None:
        given = request.args.get("token", "")
        if _equal(given, token):
            others = {name: text for name, text in request.args.items() if name != "token"}
            answer = redirect(f"{request.path}?{urlencode(others)}" if others else request.path)
            answer.set_cookie(_COOKIE, token, httponly=True, samesite="Strict")
            return answer  # type: ignore[return-value]
        if _equal(request.cookies.get(_COOKIE, ""), token):
            return None
        return Response(
            "dse: open the address that dse dashboard printed, which has the token", 403
        )

    checked_first(server, check)


def _equal(given: str, token: str) -> bool:
    """Whether two texts are equal, in a time that does not depend on where they differ."""
    return secrets.compare_digest(given.encode(), token.encode())


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
        token: token of visitors; if None, one is generated unless `host` is this machine alone.
        ready: called with the address of the dashboard once it is open.
        allowed: names in addresses that are answered besides those of this machine.

    Raises:
        StoreError: if the database cannot be read.
        UsageError: if the port is in use, the address is not one of this machine, or `allowed`
            has what is no name.
    """
    app = create_app(Source(database))
    secret = token or ("" if host in LOCAL else secrets.token_urlsafe(16))
    if secret:
        guarded(app.server, secret)
    answered_only_for(app.server, names_of(host, allowed))  # checked before the token
    # Werkzeug gets an open socket: on its own it ends the process if the port is in use.
    with _listening(host, port) as listening:
        server = make_server(host, port, app.server, threaded=True, fd=listening.fileno())
        ready(f"http://{shown_host(host)}:{server.port}/{f'?token={secret}' if secret else ''}")
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
