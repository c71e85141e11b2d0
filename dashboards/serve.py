"""The server: on this machine alone unless told otherwise, and then only with a token."""

import errno
import secrets
import socket
from collections.abc import Callable
from urllib.parse import urlencode

from flask import Flask, Response, redirect, request
from werkzeug.serving import make_server

from dashboards.app import create_app
from dashboards.source import Source
from dse.contracts.errors import UsageError

LOCAL = ("127.0.0.1", "localhost", "::1")
_COOKIE = "dse-token"
_HOSTS = "--host takes a name or an address of this machine"


def guarded(server: Flask, token: str) -> None:
    """Let only those in who know the token: once in the address, from then on in a cookie."""

    @server.before_request
    def check() -> Response | None:
        given = request.args.get("token", "")
        if _same(given, token):
            others = {name: text for name, text in request.args.items() if name != "token"}
            answer = redirect(f"{request.path}?{urlencode(others)}" if others else request.path)
            answer.set_cookie(_COOKIE, token, httponly=True, samesite="Strict")
            return answer  # type: ignore[return-value]
        if _same(request.cookies.get(_COOKIE, ""), token):
            return None
        return Response("dse: open the address that dse dashboard printed", 403)


def _same(given: str, token: str) -> bool:
    return secrets.compare_digest(given.encode(), token.encode())


def serve(
    database: str, host: str, port: int, token: str | None, ready: Callable[[str], None]
) -> None:
    """Serve until interrupted.

    Args:
        database: a file or a SQLAlchemy URL.
        host: address to listen on.
        port: 0 for any free one.
        token: what others must know; made here if the host is not this machine.
        ready: called with the address once it is open.

    Raises:
        StoreError: the database cannot be read.
        UsageError: the port is taken or the address is not ours.
    """
    app = create_app(Source(database))
    secret = token or ("" if host in LOCAL else secrets.token_urlsafe(16))
    if secret:
        guarded(app.server, secret)
    with _listening(host, port) as listening:
        server = make_server(host, port, app.server, threaded=True, fd=listening.fileno())
        ready(f"http://{shown_host(host)}:{server.port}/{f'?token={secret}' if secret else ''}")
        server.serve_forever()


def _listening(host: str, port: int) -> socket.socket:
    """A socket at this address."""
    try:
        (family, *_, address), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        hint = "choose another: --port 0 takes any that is free" if taken else _HOSTS
        message = f"cannot listen: {error.strerror or error}"
        raise UsageError(message, where=f"{host}:{port}", hint=hint) from error


def shown_host(host: str) -> str:
    """How others name it."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104  (asked for)
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host
