"""Only the names of this server are answered."""

import http.client
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
from werkzeug.serving import make_server

from dashboards.access import guarded
from dashboards.app import create_app
from dashboards.hosts import answered_only_for, names_of
from dashboards.source import Source
from dse.cli.main import main
from dse.contracts.errors import UsageError


@contextmanager
def served(source: Source, host: str, *allowed: str, token: str = "") -> Iterator[int]:
    """Port of a real server with the checks that `serve` makes."""
    app = create_app(source)
    if token:
        guarded(app.server, token)
    answered_only_for(app.server, names_of(host, allowed))
    server = make_server(host, 0, app.server, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def asked(port: int, header: str | None, path: str = "/_dash-layout") -> tuple[int, str]:
    """Status and text of the answer to a request with this header ``Host``."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.putrequest("GET", path, skip_host=True)
    if header is not None:
        connection.putheader("Host", header)
    connection.endheaders()
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


OWN = ("127.0.0.1", "localhost", "LocalHost:80", "127.0.0.1:9999", "[::1]", "[::1]:8050")
OTHER = (
    *("evil.example", "evil.example:8050", "localhost.evil.example", "127.0.0.1.evil.example"),
    *("", ":8050", "[::1", "::1]", "[::2]", "127.0.0.2", "a b", "@localhost", "localhost@evil"),
    *("x" * 5000, "localhost:x", "localhost/", "локалхост", "%6cocalhost", "lab.example"),
)


def test_only_own_names_are_answered(source: Source) -> None:
    with served(source, "127.0.0.1", "Lab.Example") as port:
        assert {name: asked(port, name)[0] for name in OWN} == dict.fromkeys(OWN, 200)
        assert asked(port, "lab.example")[0] == 200
        for name in OTHER[:-1]:
            status, text = asked(port, name.encode("utf-8").decode("latin-1"))
            assert status in {400, 421}, (name, status)
            assert len(text) < 1000
            assert "frame" not in text
        _, text = asked(port, "evil.example:8050")
        assert "does not answer to the name 'evil.example'" in text
        assert "--allow-host" in text


def test_a_name_that_is_not_allowed_is_refused(source: Source) -> None:
    with served(source, "127.0.0.1") as port:
        assert asked(port, "lab.example")[0] == 421


def test_a_request_without_the_header_is_for_this_server(source: Source) -> None:
    with served(source, "127.0.0.1") as port:
        assert asked(port, None)[0] == 200


def test_all_of_a_server_is_refused_to_other_names(source: Source) -> None:
    with served(source, "127.0.0.1", token="secret") as port:
        for path in ("/", "/front", "/assets/style.css", "/_dash-dependencies", "/?token=secret"):
            assert asked(port, "evil.example", path)[0] == 421
        assert asked(port, "localhost", "/?token=secret")[0] == 302
        assert asked(port, "localhost", "/")[0] == 403


def test_a_server_on_all_addresses_has_all_names_of_the_machine() -> None:
    names = names_of("0.0.0.0")
    assert socket.gethostname().lower() in names
    assert {"127.0.0.1", "localhost", "::1"} <= names
    assert socket.gethostname().lower() not in names_of("127.0.0.1")
    assert "lab.example" in names_of("Lab.Example")


@pytest.mark.parametrize(
    "name", ["http://lab.example", "lab.example:80", "", "a b", "a/b", ".com", "*"]
)
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is not a name of a host") as caught:
        names_of("127.0.0.1", [name])
    assert "lab.example.org" in caught.value.hint


@pytest.mark.parametrize(
    "name", ["lab", "lab.example.org", "[fe80::1]", "fe80::1", "10.0.0.1", "a_b-c"]
)
def test_names_and_addresses_are_legal(name: str) -> None:
    assert name.strip("[]") in names_of("127.0.0.1", [name])


def test_the_command_passes_the_names_on(monkeypatch: Any) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr("dashboards.serve.serve", lambda *_, **named: given.update(named))
    names = ["--allow-host", "a.example", "--allow-host", "b"]
    monkeypatch.setattr(sys, "argv", ["dse", "dashboard", *names])
    with pytest.raises(SystemExit):
        main()
    assert list(given["allowed"]) == ["a.example", "b"]
