"""Who is let in, and what a browser is told that pages may do."""

from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask.testing import FlaskClient

from dashboards.access import guarded, own_pages_only
from dashboards.app import create_app
from dashboards.content_policy import with_content_policy
from dashboards.serve import serve
from dashboards.source import Source


def client(source: Source, token: str = "") -> FlaskClient:
    app = create_app(source)
    with_content_policy(app)
    if token:
        guarded(app.server, token)
    own_pages_only(app.server, {"lab.example"})
    return app.server.test_client()


def test_the_printed_address_has_a_token_and_without_it_nothing_is_told(database: str) -> None:
    printed: list[str] = []

    def ready(address: str) -> None:
        printed.append(address)
        raise KeyboardInterrupt  # it listens: enough

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            serve(database, "127.0.0.1", 0, None, ready)
    tokens = [address.partition("/?token=")[2] for address in printed]
    assert all(len(token) >= 22 for token in tokens)  # 128 bits in base 64
    assert tokens[0] != tokens[1]


def test_a_refusal_tells_no_path(source: Source, database: str) -> None:
    answer = client(source, "secret").get("/")
    assert answer.status_code == 403
    assert database not in answer.text
    assert "results" not in answer.text


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


class Form(HTMLParser):
    """Fields of the page's form, what it loads from elsewhere, and its method."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.loaded: list[str] = []
        self.forms: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.loaded += [tag] if tag in {"script", "link", "img"} or "onload" in values else []
        self.forms += [values] if tag == "form" else []
        if tag == "input":
            self.fields.append((values["name"] or "", values.get("value") or ""))

    def sent(self, token: str) -> str:
        """Query that a browser makes of the form."""
        return urlencode([(n, token if n == "token" else text) for n, text in self.fields])


VIEWS = [
    "/",
    "/front?study=bits&where=lut+%3C+1e5+and+mode+%3D%3D+%27SAT%27",
    "/front?a=%22%3E%3Cscript%3E&a=2&empty=&at.open.lut=450",
    "/point/bits/3%3F%C3%A9?token=wrong&study=b%26b",
]


@pytest.mark.parametrize("view", VIEWS)
def test_a_link_without_token_asks_for_it_and_leads_on_to_its_view(
    source: Source, view: str
) -> None:
    user, asked = client(source, "secret"), urlsplit(view)
    page = user.get(view, headers=BROWSER)
    assert (page.status_code, page.mimetype) == (403, "text/html")
    form = Form(page.text)
    assert form.loaded == []  # self-contained
    assert form.forms == [{"method": "get"}]  # no action: the path that was opened
    assert ("not the token" in page.text) == ("token=wrong" in view)
    moved = user.get(f"{asked.path}?{form.sent(' secret ')}", headers=BROWSER)
    assert moved.status_code == 302
    assert "samesite=strict" in moved.headers["Set-Cookie"].lower()
    target = urlsplit(moved.headers["Location"])
    assert (target.scheme, target.netloc, target.path) == ("", "", asked.path)
    kept = [pair for pair in parse_qsl(asked.query, True) if pair[0] != "token"]
    assert parse_qsl(target.query, True) == kept
    assert user.get(moved.headers["Location"], headers=BROWSER).status_code != 403


def test_a_wrong_token_asks_again_without_showing_it(source: Source) -> None:
    user = client(source, "secret")
    page = user.get("/build?study=bits&token=mistyped", headers=BROWSER)
    assert page.status_code == 403
    assert "That is not the token of this dashboard" in page.text
    assert "mistyped" not in page.text
    assert Form(page.text).fields == [("study", "bits"), ("token", "")]
    assert "Set-Cookie" not in page.headers
    assert "not the token" not in user.get("/build", headers=BROWSER).text


def test_the_page_that_asks_tells_nothing_and_keeps_to_the_policy(
    source: Source, database: str
) -> None:
    page = client(source, "secret").get("/nothing/here", headers=BROWSER)
    for told in (database, "results", "bits", "secret", "/nothing/here"):
        assert told not in page.text
    policy = _directives(page.headers["Content-Security-Policy"])
    assert policy["form-action"] == "'self'"
    assert "'unsafe-inline'" in policy["style-src"]  # its style sheet is in the page
    assert "style=" not in page.text
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", "text/plain, */*;q=0.1"])
def test_scripts_are_refused_in_a_line(source: Source, accept: str | None) -> None:
    headers = {"Accept": accept} if accept else {}
    answer = client(source, "secret").get("/front?study=bits", headers=headers)
    assert (answer.status_code, answer.mimetype) == (403, "text/plain")
    assert answer.text.count("\n") == 1


@pytest.mark.parametrize(
    "path", ["//evil.example/", "/\\evil.example/", "/%5Cevil.example/", "/%2F/evil.example"]
)
def test_a_token_never_leads_to_another_server(source: Source, path: str) -> None:
    user = client(source, "secret")
    environment = {"PATH_INFO": path.replace("%5C", "\\").replace("%2F", "/")}
    answer = user.get("/?token=secret", headers=BROWSER, environ_overrides=environment)
    assert answer.status_code == 302
    location = answer.headers["Location"]
    assert location.startswith("/")
    assert location[1:2] not in {"/", "\\"}


@pytest.mark.parametrize(
    ("header", "status"),
    [("Bearer secret", 200), ("Bearer wrong", 403), ("secret", 403), ("Bearer sécret", 403)],
)
def test_scripts_give_the_token_in_a_header(source: Source, header: str, status: int) -> None:
    headers = {"Authorization": header.encode().decode("latin-1")}
    assert client(source, "secret").get("/", headers=headers).status_code == status


def test_two_dashboards_of_one_machine_keep_their_cookies_apart(source: Source) -> None:
    one, other = client(source, "one"), client(source, "other")
    names = {
        user.get(f"/?token={token}").headers["Set-Cookie"].partition("=")[0]
        for user, token in ((one, "one"), (other, "other"))
    }
    assert len(names) == 2


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost", 200),
        ("https://lab.example", 200),
        ("http://localhost:9999", 403),
        ("http://evil.example", 403),
        ("null", 403),
        ("http://[::1", 403),
    ],
)
def test_pages_of_other_sites_and_ports_are_refused(
    source: Source, origin: str, status: int
) -> None:
    assert client(source).get("/", headers={"Origin": origin}).status_code == status


def test_every_answer_has_the_policy(source: Source) -> None:
    user = client(source)
    for path in ("/", "/assets/style.css", "/nothing/here"):
        with user.get(path) as answer:
            policy = _directives(answer.headers["Content-Security-Policy"])
        assert policy["default-src"] == "'self'"
        assert "'unsafe-inline'" not in policy["script-src"]
        assert "'sha256-" in policy["script-src"]
        assert policy["frame-ancestors"] == "'none'"


def _directives(policy: str) -> Mapping[str, str]:
    return dict(part.split(" ", 1) for part in policy.split("; "))
