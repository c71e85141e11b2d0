"""Times of software are shown and typed in milliseconds, and stay in nanoseconds in files."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from dashboards.address import Address
from dashboards.app import create_app
from dashboards.build_view import BuildPageState, brushed_limits
from dashboards.design import shown_number
from dashboards.front_data import inside
from dashboards.front_page_state import FrontPageState, as_drawn, drawn, own_series, rows
from dashboards.parameter_rows import Shown
from dashboards.quantities import Quantity
from dashboards.source import Source
from dashboards.units import in_readable_units, in_unit
from dashboards.unmet_limits import unmet
from dse.contracts.backend import Outcome
from dse.contracts.errors import UsageError
from dse.contracts.metrics import Fidelity, Metric
from dse.formatting import readable_time
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


BUILD = {"study": "t", "at.b.latency_ns": "4 ms"}


@pytest.fixture
def build(view: FrontPageState, tmp_path: Path) -> Callable[[str], BuildPageState]:
    """The page that answers which design to build, for a typed limit of the latency."""
    del view
    source = Source(str(tmp_path / "t.db"))
    return lambda text: BuildPageState.of(source, Address(BUILD | {"at.b.latency_ns": text}))


@pytest.mark.parametrize("text", ["4 ms", "4ms", "4,000 µs", "0.004 s", "4e6 ns"])
def test_a_typed_limit_states_its_unit(build: Callable[[str], BuildPageState], text: str) -> None:
    ((_, limit),) = build(text).typed
    assert limit == pytest.approx(4e6)


def test_a_limit_without_a_unit_is_asked_for_it(build: Callable[[str], BuildPageState]) -> None:
    """The unit in which times are shown may change with further results."""
    with pytest.raises(UsageError, match="does not say its unit") as refused:
        build("4").decision()
    for part in ("4 ns", "µs, ms and s"):
        assert part in refused.value.hint


@pytest.mark.parametrize("text", ["4.1 ms", "4100 µs", "0.0041 s", "4,100,000 ns"])
def test_a_typed_limit_is_the_number_of_nanoseconds_that_it_says(
    build: Callable[[str], BuildPageState], text: str
) -> None:
    """4.1 * 1e6 is 4099999.9999999995 in floating point."""
    assert build(text).conditions == ["b.latency_ns <= 4100000.0"]


def test_a_design_at_the_limit_is_within_it(view: FrontPageState, tmp_path: Path) -> None:
    del view
    store = Store(str(tmp_path / "t.db"))  # with this design alone
    (point,) = store.save_points(store.study_id("t") or 0, [{"bits": 9}])
    metrics = (
        Metric.of("auc", 0.45, Fidelity.EMULATED),
        Metric.of("latency_ns", 4.1e6, Fidelity.MEASURED),
    )
    done = evaluation("at the limit", Outcome(metrics))
    store.record([done], {done.job.key: [point.id]})
    store.close()
    source = Source(str(tmp_path / "t.db"))
    found = BuildPageState.of(source, Address(BUILD | {"at.b.latency_ns": "4.1 ms"})).decision()
    assert found is not None
    assert found.n_allowed == 1


def test_what_is_no_time_is_refused_with_one(build: Callable[[str], BuildPageState]) -> None:
    with pytest.raises(UsageError, match="not a number") as refused:
        build("x").decision()
    assert "0.98 ms or 1e5 ms" in refused.value.hint


def test_the_answer_has_milliseconds(
    build: Callable[[str], BuildPageState], tmp_path: Path
) -> None:
    create_app(Source(str(tmp_path / "t.db")))  # pages register themselves with an application
    page = import_module("dashboards.pages.build")
    view = build("4 ms")
    found = view.decision()
    assert found is not None
    shown = str(page.answer(view, found, "t.db")) + str(page.beside(view, found))
    shown += str(page.controls(view))
    assert "latency 3 ms [" in shown
    assert "latency [ms]" in shown
    assert "2 to 5 ms" in shown
    assert "000,000" not in shown
    none = unmet(build("1 ms"))
    assert none is not None
    assert "latency [ms] at most 1:" in none.text
    assert "latency [ns]" not in shown + none.text


def test_a_box_drawn_in_milliseconds_is_a_limit_in_milliseconds(
    build: Callable[[str], BuildPageState], tmp_path: Path
) -> None:
    front = build("").front(Source(str(tmp_path / "t.db")))
    axes = in_readable_units({"x": view_axis(front), "y": front.known["b.auc"]}, front.table)
    found = brushed_limits(axes, {"x": [0.0, 4.0], "y": [0.1, 0.9]})
    assert found["at.b.latency_ns"] == "4 ms"
    ((_, limit),) = build(found["at.b.latency_ns"]).typed
    assert limit == 4e6


def view_axis(front: FrontPageState) -> Quantity:
    return front.known["b.latency_ns"]


def test_the_parameters_page_has_milliseconds(view: FrontPageState, tmp_path: Path) -> None:
    del view
    source = Source(str(tmp_path / "t.db"))

    def shown(**ranges: str) -> Shown:
        return Shown.of(source, Address({"study": "t", **ranges}))

    assert shown().titles["b.latency_ns"] == "latency [ms]"
    assert sorted(shown().frame["b.latency_ns"]) == [2, 3, 5]
    assert "2 to 5 ms" in str(shown().controls({}))
    for text in ("2.5..6 ms", "2500 µs..6 ms", ">= 2.5 ms", "3 ms|0.005 s"):
        assert shown(**{"brush.b.latency_ns": text}).inside.sum() == 2, text
    with pytest.raises(UsageError, match="does not say its unit"):
        _ = shown(**{"brush.b.latency_ns": "2.5..6"}).inside
    names = list(shown().titles)
    place = names.index("b.latency_ns")
    typed = shown().dragged({"x": [place - 0.1, place + 0.1], "y": [0.0, 1.0]})
    assert typed == {"brush.b.latency_ns": "2..5 ms"}


def test_circuits_keep_nanoseconds_and_need_no_unit() -> None:
    quantity = Quantity("open.latency_ns", "latency", "ns")
    assert in_unit("480", (1.0, quantity)) == "480"
    assert in_unit("0.3..0.48 us", (1.0, quantity)) == "300..480"
    assert in_unit("8 to 12", (1.0, Quantity("bits", "bits", "bits"))) == "8 to 12"
    assert in_unit("..12 ms", (1e6, replace(quantity, unit="ms"))) == "..12"


@pytest.mark.parametrize(
    ("unit", "text", "expected"),
    [
        ("s", "5 s", "5"),
        ("s", "2..500 ms", "0.002..0.5"),
        ("s", "2..5", "2..5"),
        ("ms", ">= 300 µs", ">= 0.3"),
        ("µs", "1.5 ms|7", "1500|7"),
    ],
)
def test_columns_of_other_units_of_time_keep_theirs(unit: str, text: str, expected: str) -> None:
    texts = [in_unit(one, (1.0, Quantity("wait", "wait", unit))) for one in text.split("|")]
    assert "|".join(texts) == expected


@pytest.mark.parametrize("text", ["4000000", "2..5", ">= 2"])
def test_the_hint_has_all_that_was_typed(text: str) -> None:
    """Addresses of earlier versions are in nanoseconds."""
    with pytest.raises(UsageError) as refused:
        in_unit(text, (1e6, Quantity("b.latency_ns", "latency", "ms")))
    assert f"write {text} ns" in refused.value.hint


def test_one_number_has_the_unit_of_its_size() -> None:
    common = {"unit": "ns", "direction": "minimise", "fidelity": Fidelity.RTL, "replicas": None}
    values = {"value": 2_500_000.0, "low": 2_400_000.0, "high": 2_600_000.0}
    metric = StoredMetric("latency_ns", **common, **values, backend="b", tool="", evaluation_id=1)  # type: ignore[arg-type]
    assert shown_number(metric) == "2.5 ms  [2.40, 2.60]"
    assert readable_time(480.0, "ns") == (1.0, "ns")
    assert readable_time(1e9, "") == (1.0, "")
