"""Dashboards of two databases behind nginx, with the configuration file of the documentation."""

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import nginx
import pytest
from browser import TOKEN, dashboard

from dse.store.records import StudyRecord
from dse.store.store import Store

pytestmark = pytest.mark.skipif(bool(nginx.MISSING), reason=nginx.MISSING or "none")

FILE = Path(__file__).parents[2] / "docs" / "how-to" / "proxy" / "dashboards.conf"
JETS, TRACKING = "jets.lab.example.org", "tracking.lab.example.org"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    text: str


@dataclass(frozen=True)
class Proxy:
    """nginx with both dashboards behind it."""

    port: int
    logs: Path
    trusted: ssl.SSLContext

    def ask(
        self, name: str, path: str, method: str = "GET", body: object = None, **headers: str
    ) -> Answer:
        """Ask as a browser does that has resolved the name to this machine."""
        sent = {"Host": name, "Content-Type": "application/json"}
        sent |= {key.replace("_", "-"): text for key, text in headers.items()}
        connection = http.client.HTTPSConnection(name, self.port)
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=120) as raw,
            self.trusted.wrap_socket(raw, server_hostname=name) as connection.sock,
        ):
            connection.request(method, path, json.dumps(body) if body else None, sent)
            with connection.getresponse() as answer:
                return Answer(answer.status, answer.headers, answer.read().decode())

    def cookie(self, name: str) -> str:
        """The cookie that the address with the token gives."""
        given = self.ask(name, f"/?token={TOKEN}").headers["Set-Cookie"]
        return str(given).partition(";")[0]


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder, port = tmp_path_factory.mktemp("proxy"), nginx.free_port()
    made, key = nginx.certificate(folder, JETS, TRACKING)
    changes = {
        "listen 443 ": f"listen 127.0.0.1:{port} ",
        "/etc/ssl/certs/dashboards.pem": str(made),
        "/etc/ssl/private/dashboards.key": str(key),
        "/var/log/nginx/": f"{folder}/",
    }
    with ExitStack() as stack:
        for name, behind in ((JETS, "127.0.0.1:8051"), (TRACKING, "127.0.0.1:8052")):
            database = folder / f"{name.partition('.')[0]}.db"
            store = Store(str(database))
            store.save_study(StudyRecord(name.partition(".")[0], "for a test", "", "", {}))
            store.close()
            address = stack.enter_context(dashboard(database, "--allow-host", name))
            changes[behind] = urlsplit(address).netloc
        stack.enter_context(nginx.running(folder, FILE, changes))
        yield Proxy(port, folder, ssl.create_default_context(cafile=str(made)))


def test_the_token_is_asked_for_and_kept_in_a_cookie_for_encrypted_connections(
    proxy: Proxy,
) -> None:
    assert proxy.ask(JETS, "/").status == 403
    given = proxy.ask(JETS, f"/front?study=jets&token={TOKEN}")
    assert (given.status, given.headers["Location"]) == (302, "/front?study=jets")
    flags = {flag.strip().lower() for flag in given.headers["Set-Cookie"].split(";")[1:]}
    assert {"secure", "httponly", "samesite=strict"} <= flags
    page = proxy.ask(JETS, "/", Cookie=proxy.cookie(JETS))
    assert page.status == 200
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    logs = [log.read_text() for log in proxy.logs.glob("*.log")]
    assert any(" /front 302" in log for log in logs)
    assert not any(TOKEN in log for log in logs)


def test_each_name_shows_its_own_database(proxy: Proxy) -> None:
    pairs = {JETS: ("jets.db", "tracking.db"), TRACKING: ("tracking.db", "jets.db")}
    for name, (own, other) in pairs.items():
        layout = proxy.ask(name, "/_dash-layout", Cookie=proxy.cookie(name)).text
        assert own in layout
        assert other not in layout


def look(proxy: Proxy, origin: str) -> Answer:
    """The callback by which a page asks for news."""
    body = {
        "output": "..stamp.data...problem.children..",
        "outputs": [
            {"id": "stamp", "property": "data"},
            {"id": "problem", "property": "children"},
        ],
        "inputs": [{"id": "look", "property": "n_intervals", "value": 1}],
        "state": [{"id": "stamp", "property": "data", "value": "old"}],
        "changedPropIds": ["look.n_intervals"],
    }
    cookie = proxy.cookie(JETS)
    return proxy.ask(JETS, "/_dash-update-component", "POST", body, Cookie=cookie, Origin=origin)


def test_callbacks_of_its_pages_are_answered_and_those_of_other_sites_refused(
    proxy: Proxy,
) -> None:
    own = look(proxy, f"https://{JETS}")
    assert own.status == 200
    assert json.loads(own.text)["response"]["stamp"]["data"] != "old"
    assert look(proxy, "https://evil.example.org").status == 403
    assert look(proxy, f"https://{TRACKING}").status == 403


def test_another_name_is_not_answered(proxy: Proxy) -> None:
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized"):
        proxy.ask("other.lab.example.org", "/")
    # a name of the certificate, but another in the request
    answer = proxy.ask(JETS, "/", Host="evil.example.org")
    assert answer.status >= 400
    assert "nginx" in answer.text  # no dashboard was asked
