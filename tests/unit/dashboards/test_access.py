"""Who is let in, and what a browser is told that pages may do."""

from collections.abc import Mapping

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
