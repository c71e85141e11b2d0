"""Who is let in: those with the token, from pages of this server."""

import hashlib
import secrets
from collections.abc import Collection
from urllib.parse import quote, urlencode, urlsplit

from flask import Flask, Response, redirect, request

from dashboards.hosts import checked_first
from dashboards.token_page import asks_for_page, query, token_page

_SCHEME = "Bearer "


def guarded(server: Flask, token: str) -> None:
    """Refuse requests without the token: once in the address, from then on in a cookie.

    A correct token in the address is moved to the cookie by a redirection, so that it does not
    stay in addresses that people copy. A browser without it gets a page that asks for it, whose
    form is such an address. Scripts give it as ``Authorization: Bearer TOKEN``.
    """
    # Cookies do not know ports: two dashboards of one machine need names of their own.
    cookie = f"dse-token-{hashlib.sha256(token.encode()).hexdigest()[:8]}"

    def check() -> Response | None:
        given = request.args.get("token", "")
        # what is copied has blanks around it at times
        if _equal(given, token) or _equal(given.strip(), token):
            answer = redirect(_view())
            answer.set_cookie(cookie, token, httponly=True, samesite="Strict")
            return answer  # type: ignore[return-value]
        header = request.headers.get("Authorization", "")
        if _equal(request.cookies.get(cookie, ""), token) or (
            header.startswith(_SCHEME) and _equal(header.removeprefix(_SCHEME), token)
        ):
            return None
        if asks_for_page(request):
            return token_page(request, wrong=bool(given))
        return _refused("open the address that dse dashboard printed, which has the token")

    checked_first(server, check)


def _view() -> str:
    """Return path and query that were asked, without the token, always of this server.

    Browsers read two slashes at the start as another server, and a backslash as a slash, so that
    the path is quoted and begins with one slash.
    """
    path = "/" + quote(request.path.lstrip("/"))
    others = query(request)
    return f"{path}?{urlencode(others)}" if others else path


def own_pages_only(server: Flask, allowed: Collection[str]) -> None:
    """Refuse requests that a page of another site, or of another port of this machine, makes.

    Browsers say in the header ``Origin`` which page makes a request.

    Args:
        server: the server.
        allowed: names under which a proxy serves the dashboard.
    """

    def check() -> Response | None:
        origin = request.headers.get("Origin")
        if origin is None or _is_own(origin, allowed):
            return None
        return _refused("a page of another site asks")

    checked_first(server, check)


def _is_own(origin: str, allowed: Collection[str]) -> bool:
    try:
        asking = urlsplit(origin)
    except ValueError:  # half of the brackets of an IPv6 address
        return False
    return asking.netloc == request.host or asking.hostname in allowed


def _refused(reason: str) -> Response:
    return Response(f"dse: {reason}\n", 403, mimetype="text/plain")


def _equal(given: str, token: str) -> bool:
    """Whether two texts are equal, in a time that does not depend on where they differ."""
    return secrets.compare_digest(given.encode("utf-8", "replace"), token.encode())
