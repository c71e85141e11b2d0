"""Times of software are shown and typed in milliseconds, and stay in nanoseconds in files."""

import math
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
from dashboards.front_page_state import (
    FrontPageState,
    as_drawn,
    drawn,
    own_series,
    rows,
    told,
)
from dashboards.parameter_rows import Shown
from dashboards.quantities import Quantity
from dashboards.scan_view import ScanPageState, metric_titles
from dashboards.scan_view import drawn as drawn_scan
from dashboards.source import Source
from dashboards.units import in_readable_units, in_unit
from dashboards.unmet_limits import unmet
from dse.analysis.wishes import time_ns
from dse.contracts.backend import Outcome
from dse.contracts.errors import UsageError
from dse.contracts.metrics import Fidelity, Metric
from dse.formatting import TIMES_NS, readable_time
from dse.store.queries import StoredMetric
from dse.store.records import StudyRecord
from dse.store.store import Store
from dse.testing.stores import evaluation

LATENCIES_NS = (2e6, 3e6, 5e6)
TITLE = "latency (b, measured)"


@pytest.fixture
def view(tmp_path: Path) -> FrontPageState:
    """Three designs on a processor: the faster, the less accurate."""
    store = Store(str(tmp_path / "t.db"))
    objectives = {"auc": "maximise", "latency_ns": "minimise"}
    study = store.save_study(StudyRecord("t", "", "", "", objectives))  # type: ignore[arg-type]
    points = store.save_points(study, [{"bits": bits} for bits in (4, 6, 8)])
    for point, latency_ns in zip(points, LATENCIES_NS, strict=True):
        auc = Metric.of("auc", latency_ns / 1e7, Fidelity.EMULATED)
        time = Metric.of(
            "latency_ns", latency_ns, Fidelity.MEASURED, low=latency_ns / 2, high=2 * latency_ns
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
    assert sorted(rows(view, [])[0][f"{TITLE} [ns]"]) == list(LATENCIES_NS)
    assert sorted(own_series(view).frame["x"]) == list(LATENCIES_NS)


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


def menus(page: str, source: Source, **address: str) -> str:
    create_app(source)  # pages register themselves with an application
    return str(import_module(f"dashboards.pages.{page}").layout(source, Address(address)))


@pytest.mark.parametrize("page", ["front", "scans", "parameters", "search"])
def test_menus_name_times_in_the_unit_that_the_page_shows(
    view: FrontPageState, tmp_path: Path, page: str
) -> None:
    del view
    shown = menus(page, Source(str(tmp_path / "t.db")), study="t", limits="b.latency_ns")
    assert f"{TITLE} [ms]" in shown
    assert "[ns]" not in shown


def test_a_slider_is_labelled_in_milliseconds_and_its_limit_stays_in_nanoseconds(
    view: FrontPageState, tmp_path: Path
) -> None:
    del view
    address = {"limits": "b.latency_ns", "limit.b.latency_ns": "2500000..4000000"}
    shown = menus("front", Source(str(tmp_path / "t.db")), study="t", **address)
    assert "value=[2500000.0, 4000000.0]" in shown
    assert "'default': '2000000.0..5000000.0'" in shown
    assert "{value} ms" in shown


def test_a_point_out_of_a_limit_says_so_in_milliseconds(
    view: FrontPageState, tmp_path: Path
) -> None:
    source = Source(str(tmp_path / "t.db"))
    limit = {"limits": "b.latency_ns", "limit.b.latency_ns": "2500000..4000000"}
    limited = FrontPageState.of(source, Address({**view.address.values, **limit}))
    reasons = own_series(limited).frame["reason"]
    assert reasons.tolist() == [f"{TITLE} is not 2.5 to 4 ms", "", reasons[0]]
    assert told(limited)["b.latency_ns"] == "2.5 to 4 ms: 1 of 3 points pass"
    unlimited = FrontPageState.of(source, Address({"study": "t", "limits": "b.latency_ns"}))
    assert told(unlimited)["b.latency_ns"] == "3 of 3 points pass"


@pytest.fixture
def mixed(tmp_path: Path) -> Source:
    """One design with a latency of a circuit, by simulation, and one of a processor."""
    store = Store(str(tmp_path / "m.db"))
    study = store.save_study(StudyRecord("m", "", "", "", {"latency_ns": "minimise"}))
    points = store.save_points(study, [{"bits": bits} for bits in (4, 6)])
    for point in points:
        for backend, latency_ns, fidelity in (
            ("open", 480.0, Fidelity.RTL),
            ("cpu", 2e6, Fidelity.MEASURED),
        ):
            time = Outcome((Metric.of("latency_ns", latency_ns * point.id, fidelity),))
            done = evaluation(f"{point.id} {backend}", time, backend)
            store.record([done], {done.job.key: [point.id]})
    store.close()
    return Source(str(tmp_path / "m.db"))


@pytest.mark.parametrize(
    ("chosen", "unit", "titles"),
    [
        ("open.latency_ns|cpu.latency_ns", "ns", ("open, rtl) [ns]", "cpu, measured) [ns]")),
        ("cpu.latency_ns", "ms", ("cpu, measured) [ms]",)),
        ("open.latency_ns", "ns", ("open, rtl) [ns]", "cpu, measured) [ns]")),
    ],
)
def test_a_panel_of_a_scan_has_one_unit_which_the_menu_names(
    mixed: Source, chosen: str, unit: str, titles: tuple[str, ...]
) -> None:
    scan = ScanPageState.of(mixed, Address({"study": "m", "y": chosen}))
    figure = drawn_scan(mixed, scan, "light")
    assert figure.layout.yaxis.title.text == f"latency [{unit}]"
    names = metric_titles(scan).values()
    for title in titles:
        assert any(name.endswith(title) for name in names), title


def test_a_scan_over_a_time_has_its_axis_in_milliseconds(mixed: Source) -> None:
    address = Address({"study": "m", "x": "cpu.latency_ns", "y": "open.latency_ns"})
    figure = drawn_scan(mixed, ScanPageState.of(mixed, address), "light")
    assert figure.layout.xaxis.title.text == "latency (cpu, measured) [ms]"
    assert sorted(x for trace in figure.data for x in trace.x) == [2, 4]
    assert "cpu, measured) [ms]" in menus("scans", mixed, **address.values)


def test_every_unit_of_a_time_is_accepted_everywhere() -> None:
    quantity = Quantity("b.latency_ns", "latency", "ms")
    for name, ns in TIMES_NS.items():
        assert float(in_unit(f"3 {name}", (1e6, quantity))) == pytest.approx(3 * ns / 1e6)
        assert time_ns(f"3{name}", "--latency") == pytest.approx(3 * ns)
    assert in_unit("7", (1.0, replace(quantity, unit="ps"))) == "7"
    assert in_unit("0.5 ns", (1.0, replace(quantity, unit="ps"))) == "500"


def test_units_of_a_large_study_come_from_some_of_its_points(
    view: FrontPageState, monkeypatch: pytest.MonkeyPatch
) -> None:
    column = view.known["b.latency_ns"].column
    assert column
    monkeypatch.setattr("dse.analysis.points._ENOUGH", 1)  # every third: number 0
    assert view.table.usual(column) == LATENCIES_NS[0]
    assert math.isnan(view.table.usual(replace(column, backend="none")))


def test_a_limit_by_a_short_name_is_that_of_its_slider(view: FrontPageState) -> None:
    asked = {"limits": "latency_ns", "limit.latency_ns": "2500000..4000000"}
    short = replace(view, address=Address({"study": "t", **asked}))
    assert short.limit_names == {"b.latency_ns": "limit.latency_ns"}
    assert short.rules.limits == {"b.latency_ns": (2.5e6, 4e6)}
