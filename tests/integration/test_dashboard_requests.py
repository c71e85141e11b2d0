"""The dashboard as the command serves it, asked over sockets what no browser would ask."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request as Asked
from urllib.request import urlopen

import pytest
from browser import TOKEN, dashboard
from mutated_requests import Request, requests

from dse.contracts.backend import Artifact, Outcome
from dse.contracts.metrics import Fidelity, Metric
from dse.store.records import StudyRecord
from dse.store.store import Store
from dse.testing.stores import evaluation

ODD_PATHS = ("a\0b", "x" * 5000, "../../etc/passwd")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    database = tmp_path_factory.mktemp("requests") / "results.db"
    store = Store(str(database))
    study = store.save_study(StudyRecord("bits", "made for a test", "", "", {"lut": "minimise"}))
    points = store.save_points(study, [{"bits": i} for i in range(len(ODD_PATHS))])
    for point, path in zip(points, ODD_PATHS, strict=True):
        metrics = (Metric.of("lut", point.number, Fidelity.RTL),)
        done = evaluation(f"bits {path}", Outcome(metrics, {}, (Artifact("log", path),)), "open")
        store.record([done], {done.job.key: [point.id]})
    store.close()
    with dashboard(Path(database), "--allow-host", "lab.example") as found:
        yield found


def status(address: str, sent: bytes) -> int:
    """Status of the answer to these bytes; 0 if the connection is closed without one."""
    asked = urlsplit(address)
    with socket.create_connection((asked.hostname, asked.port), timeout=120) as connection:
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            with connection.makefile("rb") as answer:
                line = answer.readline(1000)
                answer.read()
        except OSError:  # the server has seen enough before all was sent
            return 0
    return int(line.split()[1]) if line.startswith(b"HTTP/") else 0


def written(asked: Request, host: str = "localhost") -> bytes:
    """The request as it goes over the wire, with a length that fits."""
    lines = [f"{asked.method} {asked.path} HTTP/1.1", f"Host: {host}", "Connection: close"]
    lines += [f"Authorization: Bearer {TOKEN}"]
    lines += [f"{name}: {value}" for name, value in asked.headers.items()]
    lines += [f"Content-Length: {len(asked.body)}"]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogatepass") + asked.body


def is_served(address: str) -> bool:
    return status(address, written(Request("GET", "/_dash-layout"))) == 200


def test_the_server_answers_only_to_its_names(address: str) -> None:
    asked = Request("GET", "/_dash-layout")
    own = ("localhost", "127.0.0.1:1", "[::1]", "LAB.example:80")
    assert {host: status(address, written(asked, host)) for host in own} == dict.fromkeys(own, 200)
    for host in ("evil.example", "evil.example:8050", "lab.example.evil", "127.0.0.1.evil", ""):
        assert status(address, written(asked, host)) == 421
        assert status(address, written(Request("POST", "/_dash-update-component"), host)) == 421


def test_a_server_that_is_asked_hundreds_of_odd_things_goes_on(address: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with urlopen(Asked(f"{address}/_dash-dependencies", headers=headers)) as answer:
        dependencies = json.load(answer)
    codes = [status(address, written(asked)) for asked in requests(dependencies, 1, 400)]
    assert max(codes) < 500
    assert codes.count(200) > 50
    assert is_served(address)


POST = (
    b"POST /_dash-update-component HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\nAuthorization: Bearer " + TOKEN.encode() + b"\r\n"
)


def test_a_body_without_end_is_not_read(address: str) -> None:
    assert status(address, POST + b"Content-Length: 1000000000000\r\n\r\n{") == 413


@pytest.mark.parametrize(
    "sent",
    [
        b"\0\0\0\0\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET " + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 5000 + b"\r\n",
        POST + b"Content-Length: x\r\n\r\n",
        POST + b"Content-Length: -5\r\n\r\n",
        POST + b"Content-Length: 9999\r\n\r\n{",
        POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_what_is_no_http_ends_no_server(address: str, sent: bytes) -> None:
    assert status(address, sent) not in {200, 500}
    assert is_served(address)
