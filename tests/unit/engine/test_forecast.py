"""The expected time of a run, against sums made by hand."""

from pathlib import Path
from typing import Any

import pytest
from claimed import stored

from dse.contracts.backend import Job, Resources
from dse.contracts.metrics import Fidelity, Metric
from dse.engine.forecast import (
    RAY_START_S,
    WORKER_START_S,
    Work,
    measured_s,
    wall_s,
    work_of,
)
from dse.store.queries import Results

START = RAY_START_S + WORKER_START_S


def job(backend: str) -> Job:
    return Job(
        key="k",
        backend=backend,
        parameters={},
        workload="w",
        workload_parameters={},
        fingerprint="f",
        base=Path(),
    )


@pytest.mark.parametrize(
    ("works", "prepare", "workers", "expected"),
    [
        ([], [], 2, 0.0),
        ([Work(0, 50.0, 1)], [], 2, 0.0),
        ([Work(8, 40.0, 1)], [], 2, 160 + START),
        ([Work(8, 40.0, 1), Work(8, 1.0, 1)], [], 4, 82 + START),
        ([Work(4, 30.0, 2)], [], 2, 120 + START),  # each takes both cores
        ([Work(4, 30.0, 99)], [], 2, 120 + START),
        ([Work(2, 60.0, 1)], [90.0], 4, 60 + 90 + START),  # neither can be split
        ([Work(1, 60.0, 1)], [], 2, 60 + WORKER_START_S),  # no Ray for a single one
        ([Work(3, 0.01, 1)], [], 1, 0.03 + RAY_START_S),
    ],
)
def test_wall_time(works: Any, prepare: Any, workers: int, expected: float) -> None:
    assert wall_s(works, prepare, workers) == pytest.approx(expected)


def test_stored_durations_count_where_there_are_enough(tmp_path: Path) -> None:
    metric = {"slow": [Metric.of("lut", 1, Fidelity.RTL)]}
    rare = {"rare": [Metric.of("lut", 1, Fidelity.RTL)]}
    rows: Any = [({"bits": n}, metric | (rare if n < 2 else {})) for n in range(4)]
    measured = measured_s(Results(stored(tmp_path, rows)))
    assert measured == {"slow": 1.5}  # what each evaluation of the support module took
    needs = [Resources(expected_s=10.0), Resources(expected_s=20.0, cpus=3.0)]
    jobs = [job("slow"), job("slow")]
    assert work_of(jobs, needs, measured) == Work(2, 1.5, 2.0)
    assert work_of(jobs, needs, {}) == Work(2, 15.0, 2.0)
    assert work_of(jobs, needs, {}, 40.0) == Work(40.0, 15.0, 2.0)
    assert work_of([], [], measured).total_s == 0
