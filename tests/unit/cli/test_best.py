"""`dse best` and `dse.load`: one answer, and a frame."""

from typing import Any

import pytest

import dse as package
from dse.contracts.metrics import Fidelity, Metric

from .conftest import Dse


@pytest.fixture(autouse=True)
def numbers(gives: Any) -> None:
    """Accuracy rises with the value, so do look-up tables, in steps of two."""

    def metrics(value: int) -> list[Metric]:
        return [
            Metric.of("auc", 1 - 0.1 / value, Fidelity.EMULATED),
            Metric.of("lut", 100 * (value // 2), Fidelity.RTL),
        ]

    gives(metrics)


def test_the_cheapest_that_is_good_enough(run: Dse, dse: Dse, write: Any) -> None:
    run(write(space={"value": [1, 2, 3, 4, 5, 6]}))
    answer = dse("best", "--where", "auc>=0.97", "--minimise", "lut")
    assert answer.out.startswith("point 3 of s: value = 4: lut = 200 (rtl from noop)")
    assert "equally good: point 4" in answer.out


def test_the_most_of_a_metric_and_json(run: Dse, dse: Dse, write: Any) -> None:
    run(write(space={"value": [1, 2, 3]}))
    found = dse("best", "--maximise", "auc", "--json").json
    assert found["point"] == 2
    assert found["value"] == 3
    assert found["auc"] == pytest.approx(1 - 0.1 / 3)
    assert (found["backend"], found["fidelity"]) == ("noop", "emulated")


def test_the_design_to_build(run: Dse, dse: Dse, write: Any) -> None:
    """By hand: LUT are 0, 100, 100, 200, 200, so that values 1, 3 and 5 are the front."""
    run(write(space={"value": [1, 2, 3, 4, 5]}, objectives=["auc", "lut"]))
    said = dse("best").out
    assert said.startswith("point 4: value 5; AUC 0.98 bit-true, LUT 200 by RTL; beats 1 of the")
    assert "one step cheaper is point 2: AUC −0.013, LUT −100 (-50%)" in said
    assert "next: dse reproduce 4 --study s" in said
    found = dse("best", "--where", "lut <= 100", "--json").json
    assert (found["point"], found["cheaper"], found["better"]) == (2, 0, None)
    assert (found["beaten"], found["compared"], found["allowed"]) == (1, 5, 3)
    assert found["neighbours"] == [1, 3]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "no objective of the study has numbers"),
        (["--minimise", "lut", "--maximise", "auc"], "give one of"),
        (["--minimise", "lutt"], "did you mean 'lut'"),
        (["--minimise", "lut", "--where", "auc>2"], "no point is left to compare"),
    ],
)
def test_mistakes(run: Dse, dse: Dse, options: list[str], says: str) -> None:
    run()
    answer = dse("best", *options)
    assert answer.code == 2
    assert says in answer.said


def test_a_frame_has_a_row_per_point(run: Dse, write: Any) -> None:
    run(write(space={"value": [1, 2, 3]}))
    frame = package.load(study="s")
    assert list(frame.columns) == ["point", "value", "noop_auc", "noop_lut"]
    assert frame["noop_lut"].tolist() == [0, 100, 100]
    assert package.load().equals(frame)
