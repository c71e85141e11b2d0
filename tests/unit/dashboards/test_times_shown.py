"""Times of software are shown in milliseconds, and stay in nanoseconds in files and addresses."""

from pathlib import Path

import pytest

from dashboards.address import Address
from dashboards.design import shown_number
from dashboards.front_data import inside
from dashboards.front_page_state import FrontPageState, as_drawn, drawn, own_series, rows
from dashboards.source import Source
from dashboards.units import readable_time
from dse.contracts.backend import Outcome
from dse.contracts.metrics import Fidelity, Metric
from dse.store.queries import StoredMetric
from dse.store.records import StudyRecord
from dse.store.store import Store
from dse.testing.stores import evaluation

TIMES_NS = (2e6, 3e6, 5e6)
TITLE = "latency (b, measured)"


@pytest.fixture
def view(tmp_path: Path) -> FrontPageState:
    """Three designs on a processor: the faster, the less accurate."""
    store = Store(str(tmp_path / "t.db"))
    objectives = {"auc": "maximise", "latency_ns": "minimise"}
    study = store.save_study(StudyRecord("t", "", "", "", objectives))  # type: ignore[arg-type]
    points = store.save_points(study, [{"bits": bits} for bits in (4, 6, 8)])
    for point, time_ns in zip(points, TIMES_NS, strict=True):
        auc = Metric.of("auc", time_ns / 1e7, Fidelity.EMULATED)
        time = Metric.of(
            "latency_ns", time_ns, Fidelity.MEASURED, low=time_ns / 2, high=2 * time_ns
        )
        done = evaluation(f"{point.id}", Outcome((auc, time)))
        store.record([done], {done.job.key: [point.id]})
    store.close()
    address = Address({"study": "t", "x": "b.latency_ns", "y": "b.auc"})
    return FrontPageState.of(Source(str(tmp_path / "t.db")), address)


def test_axes_and_tables_have_milliseconds(view: FrontPageState, tmp_path: Path) -> None:
    figure, _ = drawn(Source(str(tmp_path / "t.db")), view, "light", [])
    assert figure.layout.xaxis.title.text == f"{TITLE} [ms]"
    front = next(trace for trace in figure.data if trace.name == "t: front")
    assert sorted(front.x) == [2, 3, 5]
    assert sorted(front.error_x.arrayminus) == [1, 1.5, 2.5]
    assert sorted(rows(view, [], readable=True)[0][f"{TITLE} [ms]"]) == [2, 3, 5]


def test_a_box_in_milliseconds_selects_what_it_encloses(view: FrontPageState) -> None:
    box = {"range": {"x": [2.5, 6], "y": [0, 1]}}
    assert inside(as_drawn(view), box) == [1, 2]


def test_files_and_limits_stay_in_nanoseconds(view: FrontPageState) -> None:
    assert sorted(rows(view, [])[0][f"{TITLE} [ns]"]) == list(TIMES_NS)
    assert sorted(own_series(view).frame["x"]) == list(TIMES_NS)


def test_one_number_has_the_unit_of_its_size() -> None:
    common = {"unit": "ns", "direction": "minimise", "fidelity": Fidelity.RTL, "replicas": None}
    values = {"value": 2_500_000.0, "low": 2_400_000.0, "high": 2_600_000.0}
    metric = StoredMetric("latency_ns", **common, **values, backend="b", tool="", evaluation_id=1)  # type: ignore[arg-type]
    assert shown_number(metric) == "2.5 ms  [2.40, 2.60]"
    assert readable_time(480.0, "ns") == (1.0, "ns")
    assert readable_time(1e9, "") == (1.0, "")
