"""Which number an objective means while the steps of a ladder run."""

from collections.abc import Sequence

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


def test_a_backend_that_ran_and_gave_nothing_is_not_replaced() -> None:
    one = standing("cpu.lut", ["cpu", "open"])
    assert one.not_given == ["cpu.lut"]
    assert standing("lut", ["open"]).not_given == []
