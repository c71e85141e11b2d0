"""Whatever is sent to the dashboard, it answers, and never as if it were broken."""

from collections import Counter
from dataclasses import replace

import pytest
from mutated_requests import requests

from dashboards.app import create_app
from dashboards.source import Source
from dse.contracts.backend import Artifact, Outcome
from dse.contracts.metrics import Fidelity, Metric
from dse.store.store import Store
from dse.testing.stores import evaluation

from .conftest import STUDY, fill

PATHS = ("a\0b", "x" * 5000, "../../etc/passwd", "k0", "")


@pytest.fixture
def odd(database: str) -> Source:
    """Studies with all kinds of results, with odd paths of artifacts, and with nothing."""
    store = Store(database)
    fill(store, replace(STUDY, name="other"))
    study = store.save_study(replace(STUDY, name="odd"))
    points = store.save_points(study, [{"bits": i, "mode": [i]} for i in range(len(PATHS))])
    for point, path in zip(points, PATHS, strict=True):
        metrics = (Metric.of("lut", point.number, Fidelity.RTL),)
        done = evaluation(f"odd {path}", Outcome(metrics, {}, (Artifact("log", path),)), "open")
        store.record([done], {done.job.key: [point.id]})
    store.save_study(replace(STUDY, name="nothing"))
    store.close()
    return Source(database)


def answers(source: Source, seed: int, count: int) -> Counter[int]:
    """Status codes of the answers to mutated requests."""
    app = create_app(source)
    app.server.config["PROPAGATE_EXCEPTIONS"] = True  # a fault is raised here, with its traceback
    client = app.server.test_client()
    found: Counter[int] = Counter()
    for asked in requests(client.get("/_dash-dependencies").get_json(), seed, count):
        with client.open(
            asked.path, method=asked.method, data=asked.body, headers=asked.headers
        ) as answer:
            found[answer.status_code] += 1
            assert answer.status_code < 500, asked
            if answer.status_code >= 400 and asked.method != "HEAD":
                assert answer.mimetype == "text/plain", asked
                assert answer.text.startswith("dse: ")
                assert len(answer.text) < 600
    return found


def test_hundreds_of_mutated_requests(odd: Source) -> None:
    found = answers(odd, seed=1, count=800)
    assert found[200] > 100  # not everything is refused
    assert found[400] > 100


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 7))
def test_thousands_of_mutated_requests(odd: Source, seed: int) -> None:
    assert answers(odd, seed, count=2000)[200] > 100


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "400"),
        (b"{", "400"),
        (b"[]", "body is wrong"),
        (b"{}", "output is wrong"),
        (b'{"output": 1, "outputs": [], "inputs": []}', "output is wrong"),
        (b'{"output": "x.y", "outputs": [], "inputs": []}', "there is no such callback"),
        (b"\xff", "400"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_request_that_no_page_sends_is_told_what_is_wrong(
    source: Source, body: bytes, says: str
) -> None:
    client = create_app(source).server.test_client()
    headers = {"Content-Type": "application/json"}
    answer = client.post("/_dash-update-component", data=body, headers=headers)
    assert answer.status_code == 400
    assert says in answer.text
