"""What is read out when the stored data change."""

from typing import Any

import pytest

from dashboards.announcements import changes, standing
from dashboards.source import Source


def of(evaluations: int, failures: int = 0, state: str = "running") -> dict[str, Any]:
    return {"evaluations": evaluations, "failures": failures, "state": state}


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (of(3), ""),
        (of(4), "bits: 1 new evaluation."),
        (of(1003, 2), "bits: 1,000 new evaluations, 2 of them failed."),
        (of(3, state="done"), "bits is done."),
        (of(5, state="killed"), "bits: 2 new evaluations. bits is killed."),
        (of(1), ""),  # the store was replaced
    ],
)
def test_changes_are_said(now: dict[str, Any], said: str) -> None:
    assert changes({"bits": of(3)}, {"bits": now}) == said


def test_a_new_study_is_said_and_others_are_not() -> None:
    assert changes({"bits": of(3), "other": of(1)}, {"new": of(0)}) == "new is new."


def test_it_starts_from_what_is_stored(source: Source) -> None:
    now = standing(source.studies(), source.live())
    assert now == {"bits": of(5, 1, "done")}
