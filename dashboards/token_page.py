"""The page for a browser that has no token yet: it asks for it, and leads on to the link's view."""

from flask import Request, Response
from jinja2 import Environment, PackageLoader


def asks_for_page(request: Request) -> bool:
    """Whether a person opens an address: a browser names HTML, scripts and `fetch` do not."""
    named = (kind for kind, _ in request.accept_mimetypes)
    return request.method == "GET" and "text/html" in named


def token_page(request: Request, *, wrong: bool) -> Response:
    """Return the page that asks for the token, with status 403.

    Its form goes to the address that was opened, with the same query; nothing else is told.

    Args:
        request: what was asked without the token.
        wrong: whether it had a token, which is not that of the dashboard.
    """
    environment = Environment(loader=PackageLoader("dashboards", "assets"), autoescape=True)
    page = environment.get_template("token.html.jinja").render(kept=query(request), wrong=wrong)
    # no-store: once the token is known, going back must not show this page again
    return Response(page, 403, {"Cache-Control": "no-store"}, mimetype="text/html")


def query(request: Request) -> list[tuple[str, str]]:
    """Return the query of an address in its order, without the token."""
    return [one for one in request.args.items(multi=True) if one[0] != "token"]
