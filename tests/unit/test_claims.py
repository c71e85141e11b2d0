"""Verdicts on claims, against numbers worked out by hand or by another way of computing."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from claimed import Row, points_of

from dse.analysis.claim_scans import follows, ratio, trend
from dse.analysis.claim_tests import between, equals, equals_parameter, value
from dse.analysis.claims import (
    Between,
    Claim,
    Equals,
    EqualsParameter,
    Follows,
    Ratio,
    Trend,
    Value,
)
from dse.analysis.reference_models import Curve, Figure, Reference
from dse.analysis.roc import bootstrap_auc
from dse.analysis.samples import Sample
from dse.analysis.verdicts import Finding, Verdict, judge
from dse.contracts.metrics import Fidelity, Metric


def ns(*values: float, backend: str = "open") -> list[Row]:
    """Points with 8, 12, 16, … bits and these latencies."""
    return [
        ({"bits": 8 + 4 * index, "rf": 8}, {backend: [Metric.of("latency_ns", v, Fidelity.RTL)]})
        for index, v in enumerate(values)
    ]


def sample(folder: Path, rows: Sequence[Row], metric: str = "latency_ns") -> Sample:
    points = points_of(folder, rows)
    return Sample.of(points, points.column(metric), None)


def auc(estimate: Any, fidelity: Fidelity) -> Metric:
    found = {"low": estimate.low, "high": estimate.high, "replicas": estimate.replicas}
    return Metric.of("auc", estimate.value, fidelity, **found)


# ---- single points


def test_between_counts_the_points_outside(tmp_path: Path) -> None:
    found = between(Between(kind="between", low=650, high=1000), sample(tmp_path, ns(480, 700)))
    assert (found.grade, found.measured) == ("fails", "480 to 700 ns")
    assert [one.agrees for one in found.compared] == [False, True]
    assert found.test == "in the range: 1 of 2; not bits 8"


@pytest.mark.parametrize(("factor", "grade"), [(1.1, "holds"), (1.05, "fails")])
def test_a_value_may_differ_by_a_factor(tmp_path: Path, factor: float, grade: str) -> None:
    found = value(
        Value(kind="value", value=1000, factor=factor), sample(tmp_path, ns(1090, 1000 / 1.09))
    )
    assert found.grade == grade


def test_the_interval_may_equal_the_reuse_factor(tmp_path: Path) -> None:
    rows: list[Row] = [
        ({"rf": rf}, {"open": [Metric.of("interval_cycles", cycles, Fidelity.RTL)]})
        for rf, cycles in ((1, 1.0), (2, 2.0), (4, 5.0))
    ]
    test = EqualsParameter(kind="equals_parameter", parameter="rf")
    points = points_of(tmp_path, rows)
    column = points.column("interval_cycles")
    assert equals_parameter(test, Sample.of(points, column, "rf < 4")).grade == "holds"
    found = equals_parameter(test, Sample.of(points, column, None))
    assert found.grade == "fails"
    assert found.test == "equal: 2 of 3; not rf 4"
    absent = EqualsParameter(kind="equals_parameter", parameter="reuse")
    assert equals_parameter(absent, Sample.of(points, column, None)).grade == "untested"


def test_equality_of_auc_is_decided_by_the_paired_bootstrap(tmp_path: Path) -> None:
    """Against the differences of the AUCs of every resample, each computed on its own."""
    random = np.random.default_rng(7)
    groups = np.repeat(np.arange(40), 30)
    labels = random.integers(0, 2, groups.size)
    exact = labels + random.normal(0, 0.7, groups.size)
    scores = {16: exact + random.normal(0, 0.001, groups.size), 8: np.round(exact * 2)}
    reference = bootstrap_auc(labels, exact, groups)
    estimates = {bits: bootstrap_auc(labels, s, groups) for bits, s in scores.items()}
    # the intervals overlap by far: only the pairing tells the two apart
    assert estimates[8].high > reference.low
    rows: list[Row] = [
        (
            {"bits": bits},
            {"bittrue": [auc(e, Fidelity.EMULATED)], "cpu": [auc(reference, Fidelity.FLOAT)]},
        )
        for bits, e in estimates.items()
    ]
    found = equals(Equals(kind="equals", other="cpu.auc"), sample(tmp_path, rows, "bittrue.auc"))
    assert [one.agrees for one in found.compared] == [True, False]
    assert found.grade == "fails"
    assert found.test.startswith("paired bootstrap: equal at 1 of 2; different at bits 8: -")
    differences = []
    for draw in range(200):  # the same resamples, entry by entry
        drawn = np.random.default_rng(20_121_563).integers(0, 40, (200, 40))[draw]
        rows_of = np.concatenate([np.flatnonzero(groups == g) for g in drawn])
        differences.append(
            bootstrap_auc(labels[rows_of], scores[8][rows_of], groups[rows_of] * 0, 1).value
            - bootstrap_auc(labels[rows_of], exact[rows_of], groups[rows_of] * 0, 1).value
        )
    low, high = np.quantile(differences, [0.025, 0.975])
    assert f"[{low:+.2g}, {high:+.2g}]" in found.test
    off = abs(found.compared[1].measured)
    close = Equals(kind="equals", other="cpu.auc", tolerance=off * 1.01)
    assert equals(close, sample(tmp_path / "again", rows, "bittrue.auc")).grade == "shape"


@pytest.mark.parametrize(
    ("mine", "other", "grade", "kind"),
    [
        ((0.97, 0.96, 0.98), (0.985, 0.975, 0.99), "holds", "overlap of 95 % intervals"),
        ((0.97, 0.96, 0.972), (0.985, 0.975, 0.99), "fails", "overlap of 95 % intervals"),
        ((0.97, None, None), (0.97, None, None), "holds", "equal numbers"),
        ((0.97, None, None), (0.98, 0.9, 1.0), "fails", "equal numbers"),
    ],
)
def test_without_replicas_intervals_decide(
    tmp_path: Path, mine: Any, other: Any, grade: str, kind: str
) -> None:
    def metric(numbers: Any, fidelity: Fidelity) -> Metric:
        middle, low, high = numbers
        return Metric.of("auc", middle, fidelity, low=low, high=high)

    rows: list[Row] = [
        ({}, {"csim": [metric(mine, Fidelity.CSIM)], "cpu": [metric(other, Fidelity.FLOAT)]})
    ]
    found = equals(Equals(kind="equals", other="cpu.auc"), sample(tmp_path, rows, "csim.auc"))
    assert found.grade == grade
    assert found.test.startswith(kind)


# ---- scans


@pytest.mark.parametrize(
    ("values", "direction", "tolerance", "grade"),
    [
        ((480, 480, 520), "rises", 0.0, "holds"),
        ((480, 480, 480), "rises", 0.0, "fails"),
        ((480, 470, 520), "rises", 0.0, "shape"),
        ((480, 470, 520), "rises", 0.03, "holds"),
        ((520, 480, 480), "rises", 0.0, "fails"),
        ((480, 480, 480), "not_falls", 0.0, "holds"),
        ((480, 470, 480), "not_falls", 0.0, "shape"),
        ((9, 5, 2), "falls", 0.0, "holds"),
        ((9, 5, 6), "not_rises", 0.0, "shape"),
        ((0, 0, 3), "rises", 0.1, "holds"),
    ],
)
def test_trends(tmp_path: Path, values: Any, direction: Any, tolerance: float, grade: str) -> None:
    test = Trend(kind="trend", along="bits", direction=direction, tolerance=tolerance)
    assert trend(test, sample(tmp_path, ns(*values))).grade == grade


def test_trends_compare_points_that_are_equal_otherwise(tmp_path: Path) -> None:
    """Against a loop over neighbours in each group; `half` is coupled to the bits."""
    random = Random(3)
    table = {(rf, b): float(random.randint(1, 4)) for rf in range(6) for b in (16, 8, 12)}
    rows: list[Row] = [
        ({"bits": b, "rf": rf, "half": b // 2}, {"open": [Metric.of("lut", v, Fidelity.RTL)]})
        for (rf, b), v in table.items()
    ]
    test = Trend(kind="trend", along="bits", direction="not_falls")
    found = trend(test, sample(tmp_path, rows, "lut"))
    steps = [
        (table[rf, b] - table[rf, a]) / table[rf, a]
        for rf in range(6)
        for a, b in pairwise((8, 12, 16))
    ]
    assert sorted(one.measured for one in found.compared) == pytest.approx(sorted(steps))
    assert sum(one.agrees for one in found.compared) == sum(step >= 0 for step in steps)
    assert found.grade == "fails"


def test_one_value_is_no_trend(tmp_path: Path) -> None:
    test = Trend(kind="trend", along="bits", direction="rises")
    found = trend(test, sample(tmp_path, ns(480)))
    assert (found.grade, found.measured) == ("untested", "")


def test_ratios_pair_points_that_are_equal_otherwise(tmp_path: Path) -> None:
    rows: list[Row] = [
        (
            {"bits": bits, "cut": cut},
            {
                "opencl": [Metric.of("latency_ns", time, Fidelity.MEASURED)],
                "cpu": [Metric.of("latency_ns", 10.0 * cut, Fidelity.MEASURED)],
            },
        )
        for (bits, cut), time in {(32, 1): 40.0, (8, 1): 20.0, (32, 5): 90.0, (8, 5): 100.0}.items()
    ]
    points = points_of(tmp_path, rows)
    eight = Sample.of(points, points.column("opencl.latency_ns"), "bits == 8")
    test = Ratio(kind="ratio", base="bits == 32", high=1.0)
    found = ratio(test, eight)
    assert [one.measured for one in found.compared] == [0.5, pytest.approx(10 / 9)]
    assert (found.grade, found.test) == ("fails", "in the range: 1 of 2; not cut 5")
    whole = Sample.of(points, points.column("opencl.latency_ns"), None)
    against = ratio(Ratio(kind="ratio", other="cpu.latency_ns", low=5, high=30), whole)
    assert [one.measured for one in against.compared] == pytest.approx([4, 2, 1.8, 2])
    assert against.grade == "shape"  # slower, but not five times
    none = ratio(Ratio(kind="ratio", base="bits == 16", high=1), eight)
    assert none.grade == "untested"


def curve(points: Any, **rest: Any) -> Figure:
    made = Curve(label="theirs", metric="latency_ns", source="Fig. 1", points=points, **rest)
    return Figure(key="1", title="Fig. 1", x="bits", metrics=("latency_ns",), curves=(made,))


@pytest.mark.parametrize(
    ("measured", "grade"),
    [
        ((102.0, 196.0, 400.0), "holds"),
        ((10.0, 21.0, 39.0), "shape"),
        ((10.0, 10.0, 10.0), "fails"),
        ((400.0, 200.0, 100.0), "fails"),
    ],
)
def test_a_curve_is_followed_in_value_or_in_shape(
    tmp_path: Path, measured: Any, grade: str
) -> None:
    figure = curve(((8, 100), (12, 200), (16, 400), (20, 800)))
    test = Follows(kind="follows", curve="theirs", within=1.05, shape=1.2)
    found = follows(test, sample(tmp_path, ns(*measured)), figure)
    assert found.grade == grade
    assert [one.published for one in found.compared] == [100, 200, 400]
    ratios = np.array(measured) / [100, 200, 400]
    spread = np.exp(np.abs(np.log(ratios) - np.log(ratios).mean()).max())
    assert f"{spread:.4g}".rstrip("0").rstrip(".") in found.test


def test_differences_and_what_a_plot_resolves(tmp_path: Path) -> None:
    figure = curve(((8, 100), (12, 200)), uncertainty=5)
    test = Follows(kind="follows", curve="theirs", scale="difference", within=1, shape=3)
    folders = iter(tmp_path / str(index) for index in range(9))

    def grade(*values: float) -> str:
        return follows(test, sample(next(folders), ns(*values)), figure).grade

    assert grade(106, 195) == "holds"
    assert grade(120, 221) == "shape"
    assert grade(120, 190) == "fails"


def test_a_curve_over_a_metric_is_read_between_its_points(tmp_path: Path) -> None:
    rows: list[Row] = [
        (
            {"n": edges},
            {
                "opencl": [
                    Metric.of("latency_ns", time, Fidelity.MEASURED),
                    Metric.of("lut", edges, Fidelity.MEASURED),
                ]
            },
        )
        for edges, time in ((100.0, 10.0), (1000.0, 100.0), (50000.0, 1.0))
    ]
    made = Curve(label="theirs", metric="latency_ns", source="x", points=((10, 1), (10000, 1000)))
    figure = Figure(key="1", title="t", x="opencl.lut", metrics=("latency_ns",), curves=(made,))
    test = Follows(kind="follows", curve="theirs", within=1.01)
    found = follows(test, sample(tmp_path, rows), figure)
    assert found.grade == "holds"
    assert [one.published for one in found.compared] == pytest.approx([10, 100])


# ---- verdicts


def judged(points: Any, test: Any, **rest: Any) -> list[Finding]:
    sections = {"metric": "latency_ns", "studies": ("mine",), **rest}
    claim = Claim(key="c", text="It is so.", source="Fig. 1", test=test, **sections)
    reference = Reference(key="paper", title="A paper", source="doi:1", claims=(claim,))
    return judge(reference, claim, "mine", points)


FAST = Between(kind="between", high=500)
SLOW = Between(kind="between", low=500)


@pytest.mark.parametrize(
    ("test", "rest", "verdict"),
    [
        (FAST, {}, Verdict.REPRODUCED),
        (SLOW, {}, Verdict.CONTRADICTS),
        (FAST, {"device": "TOOL 2"}, Verdict.REPRODUCED),
        (FAST, {"device": "Arria 10"}, Verdict.SHAPE_ONLY),
        (SLOW, {"device": "Arria 10"}, Verdict.NEEDS),
        (SLOW, {"device": "Arria 10", "transfers": True}, Verdict.CONTRADICTS),
        (FAST, {"device": "Arria 10", "transfers": True}, Verdict.SHAPE_ONLY),
        (FAST, {"data": "other data"}, Verdict.SHAPE_ONLY),
        (SLOW, {"data": "other data"}, Verdict.CONTRADICTS),
        (FAST, {"metric": "vitis.latency_ns"}, Verdict.NOT_RUN),
        (FAST, {"metric": "vitis.latency_ns", "needs": "vitis"}, Verdict.NEEDS),
        (FAST, {"fidelity": (Fidelity.CSYNTH,)}, Verdict.NOT_RUN),
        (FAST, {"where": "bits > 99"}, Verdict.NOT_RUN),
        (FAST, {"where": "no_such_parameter == 1"}, Verdict.NOT_RUN),
    ],
)
def test_verdicts(tmp_path: Path, test: Any, rest: Any, verdict: Verdict) -> None:
    points = points_of(tmp_path, ns(480, 490))
    (found,) = judged(points, test, **rest)
    assert found.verdict is verdict
    if verdict is Verdict.NEEDS:
        assert found.text == f"needs {rest.get('needs') or rest['device']}"
    if verdict is Verdict.NOT_RUN:
        assert found.note


def test_each_backend_is_judged_on_its_own(tmp_path: Path) -> None:
    rows: list[Row] = [
        (
            {"bits": 8},
            {
                "open": [Metric.of("latency_ns", 480, Fidelity.RTL)],
                "vitis": [Metric.of("latency_ns", 700, Fidelity.CSYNTH)],
            },
        )
    ]
    found = judged(points_of(tmp_path, rows), FAST)
    assert {(f.column.backend, f.verdict.value) for f in found if f.column} == {
        ("open", "reproduced"),
        ("vitis", "contradicts"),
    }


def test_a_study_that_was_not_run(tmp_path: Path) -> None:
    (found,) = judged(None, FAST)
    assert (found.verdict, found.note) == (Verdict.NOT_RUN, "dse run mine")
