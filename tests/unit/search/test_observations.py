"""Which number an objective means while the steps of a ladder run."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf, isnan, nan

import pytest

from dse.contracts.metrics import Direction, Fidelity
from dse.search.observations import ObservedPoints
from dse.store.queries import StoredMetric, StoredPoint

LUT: dict[str, tuple[Fidelity, float]] = {
    "estimate": (Fidelity.ESTIMATE, 10.0),
    "open": (Fidelity.RTL, 20.0),
    "vitis": (Fidelity.CSYNTH, 30.0),
}


def standing(objective: str, backends: Sequence[str]) -> ObservedPoints:
    """One point that these backends have counted."""
    metrics = [
        StoredMetric("lut", value, "", "minimise", fidelity, None, None, backend, "tool", 1)
        for backend, (fidelity, value) in LUT.items()
        if backend in backends
    ]
    objectives: dict[str, Direction] = {objective: "minimise"}
    return ObservedPoints([StoredPoint("s", 0, {}, tuple(metrics))], backends, objectives, {})


@pytest.mark.parametrize(
    ("objective", "backends", "value"),
    [
        ("lut", ["estimate"], 10),
        ("lut", ["estimate", "open"], 20),  # the closest to the built design
        ("lut", ["open", "vitis"], 30),  # of equals, the last
        ("open.lut", ["open", "vitis"], 20),
        ("open.lut", ["estimate"], 10),  # open comes on a later step
        ("open.lut", ["estimate", "open", "vitis"], 20),
        ("estimate.lut", ["estimate", "open"], 10),
    ],
)
def test_the_number_that_counts(objective: str, backends: list[str], value: float) -> None:
    ((_, values),) = standing(objective, backends).feasible()
    assert values == (value,)


@pytest.mark.parametrize(("enough", "value"), [(15.0, 15.0), (5.0, 10.0)])
def test_no_more_than_enough_counts(enough: float, value: float) -> None:
    one = replace(standing("lut", ["estimate"]), enough={"lut": enough})
    ((_, values),) = one.feasible()
    assert values == (value,)
    assert one.worth([inf]) == (inf,), "there is none"
    assert isnan(one.worth([nan])[0]), "it is not known"


def test_enough_of_what_is_maximised() -> None:
    one = replace(standing("lut", ["estimate"]), objectives={"lut": "maximise"}, enough={"lut": 9})
    assert one.worth([8.0]) == (8,)
    assert one.worth([10.0]) == (9,)
    assert one.worth([inf]) == (inf,), "there is none"


def test_a_backend_that_ran_and_gave_nothing_is_not_replaced() -> None:
    one = standing("cpu.lut", ["cpu", "open"])
    assert one.not_given == ["cpu.lut"]
    assert standing("lut", ["open"]).not_given == []
