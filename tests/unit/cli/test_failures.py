"""`dse failures`: equal reasons together."""

from typing import Any

from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.metrics import Fidelity, Metric


def fail_above_one(value: int) -> list[Metric]:
    if value > 1:
        raise EvaluationError(FailureKind.TOOL_FAILED, "too large", hint="smaller")
    return [Metric.of("lut", value, Fidelity.ESTIMATE)]


def test_reasons_are_grouped_with_their_points(run: Any, gives: Any, dse: Any) -> None:
    gives(fail_above_one)
    run(None)
    (group,) = dse("failures", "--json").json
    assert (group["kind"], group["message"], group["hint"]) == (
        "tool_failed", "too large", "smaller",
    )  # fmt: skip
    assert group["points"] == [0, 2]  # values 3 and 2; 1 passes
    said = dse("failures").out
    assert "too large" in said
    assert "0, 2" in said


def test_no_failures_is_said(run: Any, write: Any, dse: Any) -> None:
    run(write())
    assert "no failures" in dse("failures").out
    assert dse("failures", "--json").json == []
