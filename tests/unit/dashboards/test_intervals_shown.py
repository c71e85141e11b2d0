"""Differences that the intervals do not tell apart are neither better nor worse."""

from dataclasses import replace
from pathlib import Path

import pytest

from dashboards.address import Address
from dashboards.build_view import BuildPageState
from dashboards.comparing import compared
from dashboards.source import Source
from dse.analysis.decision_text import sentence
from dse.contracts.backend import Outcome
from dse.contracts.metrics import Fidelity, Metric
from dse.store.store import Store
from dse.testing.stores import evaluation

from .conftest import STUDY
from .test_pages import text_of

# accuracy with its 95 % interval, and LUT: 1 overlaps 0, 2 does not
DESIGNS = (
    (0.9890, 0.9868, 0.9912, 300.0),
    (0.9865, 0.9822, 0.9892, 200.0),
    (0.9700, 0.9650, 0.9750, 100.0),
)


@pytest.fixture
def close(tmp_path: Path) -> Source:
    """Three designs of a study; the first two are hardly different."""
    file = str(tmp_path / "close.db")
    store = Store(file)
    goals = {"accuracy": "maximise", "lut": "minimise"}
    study = store.save_study(replace(STUDY, name="close", objectives=goals))
    points = store.save_points(study, [{"bits": n} for n in range(len(DESIGNS))])
    done = [evaluation(f"close{n}", _outcome(*one), "open") for n, one in enumerate(DESIGNS)]
    store.record(done, {e.job.key: [p.id] for e, p in zip(done, points, strict=True)})
    store.set_state(study, "done")
    store.close()
    return Source(file)


def _outcome(value: float, low: float, high: float, lut: float) -> Outcome:
    accuracy = Metric.of("accuracy", value, Fidelity.EMULATED, low=low, high=high)
    return Outcome((accuracy, Metric.of("lut", lut, Fidelity.RTL)))


def test_compare_marks_no_difference_within_the_intervals(close: Source) -> None:
    page = text_of(compared(close, "close", [0, 1, 2], "light"))
    page = page.encode().decode("unicode_escape")
    assert "\u2248 0.9865  [0.982, 0.989] (within the intervals)" in page
    assert "\u25bc 0.9865" not in page
    assert "\u25bc 0.97  [0.965, 0.975] (-1.9%)" in page
    assert "\u25b2 200 (-33.3%)" in page  # counts have no interval: they are exact
    assert ", worse" in page  # in words, for screen readers
    assert page.count("within the intervals") == 1


def test_the_steps_of_the_answer_say_what_is_within_the_intervals(close: Source) -> None:
    view = BuildPageState.of(close, Address({"study": "close", "at.open.accuracy": "0.98"}))
    found = view.decision()
    assert found is not None
    said = sentence(view.table, found)
    steps = said[said.index("one step") :]
    assert "0.0025 (within the intervals), LUT" in steps
    assert steps.count("within the intervals") == 1


def test_a_step_beyond_the_intervals_is_told_as_before(close: Source) -> None:
    view = BuildPageState.of(close, Address({"study": "close", "at.open.lut": "250"}))
    found = view.decision()
    assert found is not None
    assert "within the intervals" not in sentence(view.table, found)
