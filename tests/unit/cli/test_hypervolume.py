"""`dse pareto`: the line about the hypervolume."""

import itertools
import re
from typing import Any

import pytest

from dse.contracts.metrics import Fidelity, Metric

from .conftest import Dse

AUC = {1: 0.60, 2: 0.80, 3: 0.90, 4: 0.70, 5: 0.85}
LUT = {1: 1000.0, 2: 2000.0, 3: 5000.0, 4: 3000.0, 5: 6000.0}


@pytest.fixture(autouse=True)
def study(run: Dse, write: Any, gives: Any) -> None:
    """Five points, of which 4 and 5 are dominated."""

    def metrics(value: int) -> list[Metric]:
        return [
            Metric.of("auc", AUC[value], Fidelity.EMULATED),
            Metric.of("lut", LUT[value], Fidelity.RTL),
        ]

    gives(metrics)
    assert run(write(space={"value": list(AUC)}, objectives=["auc", "lut"])).code == 0


def share(auc: float, lut: float) -> float:
    """Of the box from 0.9 and 1000 to these, by inclusion and exclusion of rectangles."""

    def area(*points: int) -> float:
        width = min(AUC[p] for p in points) - auc
        height = lut - max(LUT[p] for p in points)
        return max(width, 0) * max(height, 0)

    union = 0.0
    for size in range(1, len(AUC) + 1):
        for points in itertools.combinations(AUC, size):
            union += (-1) ** (size + 1) * area(*points)
    return union / ((0.9 - auc) * (lut - 1000))


def volume_line(answer: Any) -> str:
    """The one line about the hypervolume."""
    (line,) = (one for one in answer.out.splitlines() if "hypervolume: " in one)
    return str(line)


def test_without_a_reference_the_worst_values_bound_the_box(dse: Dse) -> None:
    answer = dse("pareto")
    line = volume_line(answer)
    assert line == (
        f"hypervolume: {share(0.6, 6000):.3f} of the box from the best (auc 0.9, lut 1,000)"
        " to the worst (auc 0.6, lut 6,000)"
    )


@pytest.mark.parametrize(
    ("options", "auc", "lut"),
    [
        (["--reference", "auc=0.5,lut=10000"], 0.5, 10_000),
        (["--reference", "noop.lut=1e4", "--reference", " auc = 0.5 "], 0.5, 10_000),
        (["--reference", "lut=4000"], 0.6, 4000),
        (["--reference", "auc=0.75"], 0.75, 6000),
    ],
)
def test_a_reference_bounds_it(dse: Dse, options: list[str], auc: float, lut: float) -> None:
    line = volume_line(dse("pareto", *options))
    assert line.startswith(f"hypervolume: {share(auc, lut):.3f} of the box")
    assert f"to the reference (auc {auc}, lut {lut:,})" in line


def test_other_formats_keep_their_shape(dse: Dse) -> None:
    for shape in ("json", "csv"):
        plain = dse("pareto", "--format", shape)
        assert dse("pareto", "--format", shape, "--reference", "auc=0.5").out == plain.out


def test_the_box_is_that_of_the_candidates(dse: Dse) -> None:
    line = volume_line(dse("pareto", "--where", "lut<=3000"))
    assert re.search(r"best \(auc 0.8, lut 1,000\) to the worst \(auc 0.6, lut 3,000\)", line)


def test_one_metric_has_no_trade_off(dse: Dse) -> None:
    assert "hypervolume" not in dse("pareto", "--metric", "auc").out
    line = volume_line(dse("pareto", "--metric", "auc", "--reference", "auc=0.5"))
    assert line.startswith("hypervolume: 1.000")


def test_many_metrics_have_none(dse: Dse, gives: Any, run: Dse, write: Any) -> None:
    names = ["auc", "lut", "ff", "dsp", "bram_18k", "uram"]
    gives(lambda value: [Metric.of(name, value, Fidelity.RTL) for name in names])
    run(write(name="many", space={"value": [1, 2]}), "--rerun", "all")
    assert dse("pareto", "--metric", ",".join(names[:5])).out.count("\nhypervolume: ") == 1
    line = volume_line(dse("pareto", "--metric", ",".join(names)))
    assert line == "no hypervolume: more than 5 metrics take too long"


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("auc", "'auc' should be a metric and a number"),
        ("auc=high", "'auc=high' should be a metric and a number"),
        ("auc=nan", "'auc=nan' should be"),
        ("auc=inf", "'auc=inf' should be"),
        ("0.5", "'0.5' should be"),
        ("aux=0.5", "'aux' is not compared"),
        ("aux=0.5", "did you mean 'auc'"),
        ("cpu.auc=0.5", "'cpu.auc' is not compared"),
        ("auc=0.5,auc=0.6", "'auc' is given twice"),
        ("auc=0.95", "no point is better than 0.95; the best is 0.9"),
        ("lut=10", "no point is better than 10; the best is 1000"),
    ],
)
@pytest.mark.parametrize("shape", ["table", "json"])
def test_mistakes(dse: Dse, reference: str, says: str, shape: str) -> None:
    answer = dse("pareto", "--reference", reference, "--format", shape)
    assert (answer.code, answer.out) == (2, "")
    assert says in answer.said
    assert f"--reference {reference}" in answer.said
    assert "hint: " in answer.err
