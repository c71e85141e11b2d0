"""The same questions on the command line and in the dashboard have the same answers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dse as package
from dashboards.address import Address
from dashboards.front_page_state import FrontPageState, all_series, own_series, sentence
from dashboards.source import Source
from dse.contracts.backend import Job, Outcome
from dse.contracts.errors import UsageError
from dse.contracts.metrics import Direction, Fidelity, Metric
from dse.contracts.registry import installed_metrics
from dse.store.records import Evaluation, Provenance, StudyRecord
from dse.store.store import Store
from dse.testing.stores import WHEN

from .conftest import Dse

RF: list[Any] = [None, 4, 8, 2]
AUC = [0.9, 0.8, 0.7, 0.6]
LUT = [100.0, 150.0, 90.0, None]
ESTIMATED = [120.0, 90.0, 80.0, 50.0]
"""Four points: AUC of `bittrue` and a float reference, LUT of `open` and of `estimate`."""

Numbers = Mapping[str, Sequence[Metric]]


def numbers(row: int) -> dict[str, list[Metric]]:
    found = {
        "bittrue": [Metric.of("auc", AUC[row], Fidelity.EMULATED)],
        "cpu": [Metric.of("auc", 0.95, Fidelity.FLOAT)],
        "estimate": [Metric.of("lut", ESTIMATED[row], Fidelity.ESTIMATE)],
    }
    if LUT[row] is not None:
        found["open"] = [Metric.of("lut", float(str(LUT[row])), Fidelity.RTL)]
    return found


def fill(
    database: Path,
    points: Sequence[Mapping[str, Any]],
    rows: Sequence[Numbers],
    objectives: Mapping[str, Direction],
    settings: Mapping[str, Any] | None = None,
    effective: Mapping[str, Any] | None = None,
) -> None:
    """A study `s` with these parameters and numbers."""
    store = Store(str(database))
    study = store.save_study(StudyRecord("s", "", "s.yaml", "", dict(objectives)))
    when = Provenance(
        adapter_version=1,
        tool="tool 1",
        dse_version="0.1",
        host="here",
        started_at=WHEN,
        duration_s=1.0,
    )
    for point, given in zip(store.save_points(study, list(points)), rows, strict=True):
        for backend, metrics in given.items():
            key = f"{backend} {point.id}"
            job = Job(
                key=key,
                backend=backend,
                parameters=dict(settings or {}),
                workload="w",
                workload_parameters={},
                fingerprint="f",
                base=Path(),
            )
            outcome = Outcome(tuple(metrics), dict(effective or {}))
            store.record([Evaluation(job, outcome, when)], {key: [point.id]})
    store.close()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "results.db"


@pytest.fixture
def both(database: Path, dse: Dse) -> Dse:
    """Four points; the objectives do not say which LUT they mean."""
    points = [{"rf": value, "bits": row} for row, value in enumerate(RF)]
    rows = [numbers(row) for row in range(len(RF))]
    fill(database, points, rows, {"auc": "maximise", "lut": "minimise"})
    return dse


def on_command_line(dse: Dse, condition: str, metric: str = "estimate.lut") -> list[int]:
    """Points that meet a condition, from fronts of one point each."""
    found = []
    for bits in range(len(RF)):
        alone = ("--where", f"bits == {bits}", "--where", condition)
        answer = dse("pareto", "--metric", metric, *alone, "--format", "json")
        found += [row["point"] for row in answer.json] if answer.code == 0 else []
    return found


def on_dashboard(database: Path, condition: str) -> list[int]:
    """Points that the front page lets pass."""
    address = Address({"study": "s", "x": "bits", "y": "estimate.lut", "where": condition})
    frame = own_series(FrontPageState.of(Source(str(database)), address)).frame
    return [int(number) for number in frame.index[frame["allowed"]]]


@pytest.mark.parametrize(
    ("condition", "meet"),
    [
        ("rf == null", [0]),
        ("rf != null", [1, 2, 3]),
        ("rf != 4", [0, 2, 3]),
        ("rf == 4", [1]),
        ("rf in [null, 2]", [0, 3]),
        ("rf < 8", [1, 3]),  # null is in no order with a number
        ("rf >= 2", [1, 2, 3]),
        ("rf < 8 or rf == null", [0, 1, 3]),
        ("2 * rf <= 8", [1, 3]),  # there is no arithmetic with it
        ("open.lut < 140", [0, 2]),
        ("open.lut >= 0", [0, 1, 2]),
        ("open.lut < 140 or bits == 3", [0, 2]),  # a point without the metric never meets it
        ("open_lut < 140", [0, 2]),  # as the columns of exported tables are called
        ("open.lut.rtl < 140", [0, 2]),
        ("estimate.lut < open.lut", [1, 2]),
        ("auc > 0.65", [0, 1, 2]),  # not the float reference, which is above it everywhere
        ("cpu.auc > 0.9", [0, 1, 2, 3]),
        ("effective = requested", [0, 1, 2, 3]),
        ("effective != requested", []),
    ],
)
def test_conditions(both: Dse, database: Path, condition: str, meet: list[int]) -> None:
    assert on_command_line(both, condition) == meet
    assert on_dashboard(database, condition) == meet


AMBIGUOUS = ["estimate.lut (estimate, 4 points)", "open.lut (rtl, 3 points)"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("pareto",),
        ("pareto", "--metric", "lut"),
        ("pareto", "--metric", "auc", "--where", "lut < 100"),
        ("pareto", "--metric", "auc", "--constraint", "auc > 0 and lut < 100"),
        ("best", "--minimise", "lut"),
        ("best", "--maximise", "auc", "--where", "lut<100"),
        ("importance", "--metric", "lut"),
        ("converge", "--metric", "lut"),
        ("export", "--optuna", "o.db"),
    ],
)
def test_a_name_of_two_columns_is_a_mistake_of_a_command(both: Dse, arguments: Any) -> None:
    answer = both(*arguments)
    assert answer.code == 2
    assert all(text in answer.said for text in AMBIGUOUS)
    assert "write estimate.lut or open.lut" in answer.said


@pytest.mark.parametrize(
    "asked",
    [{"where": "lut < 100"}, {"limits": "lut", "limit.lut": "0..100"}, {"x": "lut"}],
)
@pytest.mark.usefixtures("both")
def test_and_of_an_address(database: Path, asked: dict[str, str]) -> None:
    with pytest.raises(UsageError) as caught:
        own_series(FrontPageState.of(Source(str(database)), Address({"study": "s", **asked})))
    assert all(text in caught.value.message for text in AMBIGUOUS)


def test_equal_fidelities_are_two_columns_too(dse: Dse, database: Path) -> None:
    both = {name: [Metric.of("lut", 5, Fidelity.RTL)] for name in ("acme_a", "acme_b")}
    fill(database, [{"bits": 1}], [both], {"lut": "minimise"})
    answer = dse("pareto", "--metric", "acme_a.lut", "--where", "lut<100")
    assert answer.code == 2
    assert "acme_a.lut (rtl, 1 point) or acme_b.lut (rtl, 1 point)" in answer.said
    with pytest.raises(UsageError, match=r"acme_a\.lut .* or acme_b\.lut"):
        on_dashboard_axes(database, where="lut<100")


def on_dashboard_axes(database: Path, **asked: str) -> Any:
    return own_series(FrontPageState.of(Source(str(database)), Address({"study": "s", **asked})))


def test_a_bare_name_means_what_the_objectives_name(dse: Dse, database: Path) -> None:
    rows = [numbers(row) for row in range(len(RF))]
    points = [{"bits": row} for row in range(len(RF))]
    fill(database, points, rows, {"auc": "maximise", "open.lut": "maximise"})
    answer = dse("pareto", "--metric", "lut")
    assert "lut: maximise, rtl from open" in answer.out
    assert dse("pareto", "--metric", "lut", "--format", "json").json[0]["lut"] == 150
    assert on_command_line(dse, "lut < 140") == [0, 2]
    assert on_dashboard(database, "lut < 140") == [0, 2]
    view = FrontPageState.of(Source(str(database)), Address({"study": "s"}))
    assert [view.axes[axis].name for axis in ("y", "x")] == ["bittrue.auc", "open.lut"]
    assert view.axes["x"].direction == "maximise"


def test_a_share_is_that_of_the_count_which_the_objectives_name(dse: Dse, database: Path) -> None:
    rows = [numbers(0)]
    given = {"part": "xcku115"}
    fill(database, [{"bits": 0}], rows, {"auc": "maximise", "open.lut": "minimise"}, given)
    (row,) = dse("pareto", "--metric", "lut_pct", "--format", "json").json
    assert (row["lut_pct_backend"], row["lut_pct"]) == ("open", pytest.approx(100 * 100 / 663_360))
    assert on_dashboard_axes(database, where="lut_pct < 0.017").frame["allowed"].tolist() == [True]


def test_a_float_reference_alone_is_what_its_name_means(dse: Dse, database: Path) -> None:
    rows = [{"cpu": [Metric.of("auc", 0.9, Fidelity.FLOAT)]}]
    fill(database, [{"bits": 1}], rows, {"auc": "maximise"})
    assert "auc: maximise, float from cpu" in dse("pareto").out
    assert on_dashboard_axes(database, where="auc > 0.5").frame["allowed"].tolist() == [True]


def test_short_names(dse: Dse, database: Path) -> None:
    metrics = [Metric.of(f"latency_{unit}", 7, Fidelity.RTL) for unit in ("ns", "cycles")]
    fill(database, [{"bits": 1}], [{"open": metrics}], {})
    assert "latency_ns: minimise" in dse("pareto", "--metric", "latency").out
    assert "latency_cycles: minimise" in dse("pareto", "--metric", "open.latency_cycles").out
    assert dse("pareto", "--metric", "open.latency", "--where", "latency > 6").code == 0
    assert on_dashboard_axes(database, where="latency > 6", x="latency").frame["x"].tolist() == [7]


def test_points_without_the_metric_of_a_condition_are_counted(both: Dse, database: Path) -> None:
    options = ("--metric", "auc", "--where", "open.lut < 140", "--where", "bits > 0")
    said = "1 point lacks a metric of a condition and was left out"
    assert said in both("pareto", *options).out
    assert said in both("best", "--maximise", "auc", *options[2:]).out
    # the point that lacks it is beaten by a condition it does not lack
    assert "lack" not in both("pareto", *options, "--where", "bits < 3").out
    source = Source(str(database))
    view = FrontPageState.of(source, Address({"study": "s", "where": "open.lut < 140"}))
    assert "2 not allowed (1 for lack of a metric" in sentence(all_series(source, view), view)


def test_a_front_says_how_many_lack_its_metrics(both: Dse, database: Path) -> None:
    assert "1 point lacks one of the metrics" in both("pareto", "--metric", "open.lut").out
    view = FrontPageState.of(Source(str(database)), Address({"study": "s", "x": "open.lut"}))
    shown = sentence(all_series(Source(str(database)), view), view)
    assert "1 without all of these values" in shown


def test_loaded_and_exported_tables_have_the_same_columns(both: Dse, tmp_path: Path) -> None:
    assert both("export", "out.csv", "--study", "s").code == 0
    loaded = package.load(study="s")
    exported = pd.read_csv(tmp_path / "out.csv")
    assert list(loaded.columns) == list(exported.columns)
    assert list(loaded.columns) == [
        *("point", "rf", "bits", "bittrue_auc", "cpu_auc", "estimate_lut", "open_lut")
    ]
    assert loaded["rf"].tolist() == RF
    np.testing.assert_array_equal(loaded["open_lut"].isna(), [False, False, False, True])


def test_one_backend_at_two_fidelities(dse: Dse, database: Path, tmp_path: Path) -> None:
    kinds = (Fidelity.CSYNTH, Fidelity.IMPLEMENTED, Fidelity.IMPLEMENTED)
    rows = [{"vitis": [Metric.of("lut", 10 + row, kind)]} for row, kind in enumerate(kinds)]
    fill(database, [{"bits": row} for row in range(3)], rows, {"lut": "minimise"})
    answer = dse("pareto", "--metric", "vitis.lut")
    assert "write vitis.lut.csynth or vitis.lut.implemented" in answer.said
    found = dse("pareto", "--metric", "vitis.lut.implemented", "--format", "json").json
    assert [row["lut"] for row in found] == [11]
    assert on_dashboard_axes(database, where="vitis.lut.csynth < 99").frame["allowed"].sum() == 1
    columns = ["point", "bits", "vitis_lut_csynth", "vitis_lut_implemented"]
    assert list(package.load(study="s").columns) == columns


# ---- utilisation

HEAD = "device,lut,ff,dsp,bram_18k,uram,source"


def parts(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, lut: int) -> None:
    file = folder / f"{name}.csv"
    file.write_text(f"{HEAD}\nxcmine,{lut},2,3,4,0,me\n")
    monkeypatch.setenv("DSE_PARTS", str(file))


def share_of(dse: Dse, database: Path) -> tuple[float, float, float]:
    """As a front, a frame and a page have it."""
    (row,) = dse("pareto", "--metric", "lut_pct", "--format", "json").json
    frame = on_dashboard_axes(database, x="open.lut_pct", y="open.lut").frame
    return row["lut_pct"], package.load(study="s")["open_lut_pct"][0], frame["x"][0]


@pytest.mark.parametrize("stored", [False, True])
def test_a_corrected_table_of_parts_changes_every_answer(
    dse: Dse, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stored: bool
) -> None:
    """Whether or not an older version stored a share beside the count."""
    metrics = [Metric.of("lut", 1850, Fidelity.RTL)]
    metrics += [Metric.of("lut_pct", 77.0, Fidelity.RTL)] if stored else []
    fill(
        database, [{"bits": 1}], [{"open": metrics}], {"lut_pct": "minimise"}, {"part": "xcmine-1"}
    )
    parts(monkeypatch, tmp_path, "wrong", 1000)
    assert share_of(dse, database) == pytest.approx((185.0,) * 3)
    assert "larger than their part: points 0" in dse("pareto", "--metric", "lut").out
    assert any(row[:3] == ["lut_pct", "185", "%"] for row in dse("show", 0).cells)
    parts(monkeypatch, tmp_path, "right", 100_000)
    assert share_of(dse, database) == pytest.approx((1.85,) * 3)
    assert "larger than their part" not in dse("pareto", "--metric", "lut").out
    assert any(row[:3] == ["lut_pct", "1.850", "%"] for row in dse("show", 0).cells)
    assert "lut_pct" in dse("pareto").out


def test_every_point_has_the_share_of_its_own_part(dse: Dse, database: Path) -> None:
    store_two_parts(database)
    rows = {
        part: dse("pareto", "--metric", "lut_pct", "--where", f"bits == {bits}", "--format", "json")
        for bits, part in enumerate(("xcku115", "xcvu9p"))
    }
    shares = [answer.json[0]["lut_pct"] for answer in rows.values()]
    assert shares == pytest.approx([100 * 1000 / 663_360, 100 * 1000 / 1_182_240])
    frame = on_dashboard_axes(database, x="open.lut_pct", y="open.lut").frame
    assert frame["x"].tolist() == pytest.approx(shares)
    one = dse("pareto", "--metric", "lut_pct", "--part", "xcvu9p", "--format", "json").json
    assert [row["lut_pct"] for row in one] == pytest.approx([shares[1]] * 2)
    asked = {"x": "open.lut_pct", "y": "open.lut", "part": "xcvu9p"}
    assert on_dashboard_axes(database, **asked).frame["x"].tolist() == pytest.approx(
        [shares[1]] * 2
    )


def store_two_parts(database: Path) -> None:
    store = Store(str(database))
    study = store.save_study(StudyRecord("s", "", "s.yaml", "", {}))
    when = Provenance(
        adapter_version=1,
        tool="tool 1",
        dse_version="0.1",
        host="here",
        started_at=WHEN,
        duration_s=1.0,
    )
    points = store.save_points(study, [{"bits": 0}, {"bits": 1}])
    for point, part in zip(points, ("xcku115-flvb2104-2-i", "xcvu9p"), strict=True):
        job = Job(
            key=part,
            backend="open",
            parameters={"part": part},
            workload="w",
            workload_parameters={},
            fingerprint="f",
            base=Path(),
        )
        outcome = Outcome((Metric.of("lut", 1000, Fidelity.RTL),))
        store.record([Evaluation(job, outcome, when)], {part: [point.id]})
    store.close()


def test_what_the_tool_says_counts_where_the_table_knows_nothing(dse: Dse, database: Path) -> None:
    alut = installed_metrics()["alut"]
    metrics = [alut.metric(85_440, Fidelity.CSYNTH)]
    told = {"available": {"alut": 854_400}}
    fill(database, [{"bits": 1}], [{"aoc": metrics}], {}, {"board": ""}, told)
    (row,) = dse("pareto", "--metric", "alut_pct", "--format", "json").json
    assert row["alut_pct"] == pytest.approx(10)
    assert row["alut_pct_tool"] == "tool 1"


def test_a_stored_share_stays_where_nothing_better_is_known(dse: Dse, database: Path) -> None:
    metrics = [
        Metric.of("lut", 500, Fidelity.CSYNTH),
        Metric.of("lut_pct", 130, Fidelity.CSYNTH),
        Metric.of("dsp_pct", 12, Fidelity.CSYNTH),  # whose count was not stored
    ]
    fill(database, [{"bits": 1}], [{"vitis": metrics}], {}, {"part": "xcnone"})
    (row,) = dse("pareto", "--metric", "lut_pct,dsp_pct", "--format", "json").json
    assert (row["lut_pct"], row["dsp_pct"]) == (130, 12)
    assert "larger than their part: points 0" in dse("pareto", "--metric", "lut").out
    answer = dse("pareto", "--metric", "lut_pct", "--part", "xcvu9p", "--format", "json")
    assert answer.json[0]["lut_pct"] == pytest.approx(100 * 500 / 1_182_240)
    assert dse("pareto", "--metric", "dsp_pct", "--part", "xcvu9p").code == 2  # of another part
