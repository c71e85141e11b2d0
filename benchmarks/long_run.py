"""A run of a million points: memory and time per point at both ends, size, and who looks at it.

The points between both ends are stored in bulk, by the keys that the run gives them: what is
measured at the end has all of them in the database and in the plan.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
from sqlalchemy import func, select

from dse.contracts.backend import Outcome
from dse.contracts.errors import StoreError
from dse.contracts.metrics import Fidelity, Metric
from dse.contracts.registry import Registry
from dse.engine.plan import make_plan
from dse.store.queries import Results
from dse.store.records import Evaluation, Provenance
from dse.store.schema import EvaluationRow
from dse.store.store import Store
from dse.study.models import MOST_VALUES
from dse.study.validate import bind, parse_study

N_POINTS = 1_000_000
N_ENDS = 10_000  # points that are run at the start and at the end
_SETTLED = 2_000  # of them: imports and the first heartbeats are over
_BULK = 5_000
_EVERY_S = 0.2

STUDY = """
name: long
workload: {{name: noop}}
space:
  copy: {{range: {{start: 1, stop: {copies}}}}}
  value: {{range: {{start: 1, stop: {values}}}}}
backends: [noop]
objectives: [latency_ns]
"""


@dataclass(frozen=True)
class Sample:
    """State of a run: evaluations in the database, processor time in s, memory in bytes."""

    stored: int
    cpu_s: float
    memory: int


@dataclass(frozen=True)
class LongRun:
    """What was measured.

    Args:
        database: the file, with all points.
        start_ms: processor time per point at the start, in ms.
        end_ms: the same at the end.
        start_memory: memory of the driver while it evaluates, at the start, in bytes.
        end_memory: the same at the end.
        bytes_per_point: size of the database.
    """

    database: Path
    start_ms: float
    end_ms: float
    start_memory: int
    end_memory: int
    bytes_per_point: float


def study(points: int) -> str:
    """Return a study of so many points.

    Raises:
        ValueError: so many points are no whole number of ranges.
    """
    values = min(points, MOST_VALUES)  # one parameter has no more
    if points % values:
        raise ValueError(f"{points:,} points are no multiple of {values:,}")
    return STUDY.format(copies=points // values, values=values)


def measure(folder: Path, points: int = N_POINTS, ends: int = N_ENDS) -> LongRun:
    """Run both ends of a study and measure them."""
    database = folder / "long.db"
    (folder / "long.yaml").write_text(study(points))
    first = _run(folder, database, stop_at=ends)
    _store_between(folder, database, points - ends)
    last = _run(folder, database)
    settled = points - ends + _SETTLED
    starting = [one for one in first if _SETTLED <= one.stored <= ends]
    ending = [one for one in last if settled <= one.stored < points]
    return LongRun(
        database,
        _ms_per_point(starting),
        _ms_per_point(ending),
        starting[-1].memory,
        ending[-1].memory,
        database.stat().st_size / points,
    )


def _ms_per_point(samples: Sequence[Sample]) -> float:
    first, last = samples[0], samples[-1]
    return 1e3 * (last.cpu_s - first.cpu_s) / (last.stored - first.stored)


def _run(folder: Path, database: Path, stop_at: int | None = None) -> list[Sample]:
    """Run the study, to its end or until so many evaluations are stored; return its samples."""
    command = [sys.executable, "-m", "dse.cli.main", "run", "long.yaml", "--executor", "serial"]
    log = folder / "log"
    with log.open("w") as file:
        run = subprocess.Popen([*command, "--db", str(database)], cwd=folder, stderr=file)
    watched, samples = psutil.Process(run.pid), list[Sample]()
    while run.poll() is None:
        stored = _stored(database)
        try:
            times, memory = watched.cpu_times(), watched.memory_info().rss
        except psutil.Error:  # it has just ended
            break
        samples.append(Sample(stored, times.user + times.system, memory))
        if stop_at is not None and stored >= stop_at:
            run.send_signal(signal.SIGINT)
            break
        time.sleep(_EVERY_S)
    if run.wait() not in {0, 130}:
        raise SystemExit(log.read_text())
    return samples


def _stored(database: Path) -> int:
    try:
        with closing(Results(str(database))) as results:
            return int(results.rows(select(func.max(EvaluationRow.id)))[0][0] or 0)
    except StoreError:  # it is not made yet
        return 0


def _store_between(folder: Path, database: Path, until: int) -> None:
    """Store what the run would have stored of the points before number `until`."""
    registry = Registry.installed()
    binding = bind(parse_study((folder / "long.yaml").read_text(), folder / "long.yaml"), registry)
    backends = {name: kind() for name, kind in binding.backends.items()}
    jobs = list(make_plan(binding, backends, list(binding.space.points())).jobs.values())
    made = Provenance(
        adapter_version=1,
        tool="noop 1",
        dse_version="0",
        host=os.uname().nodename,
        started_at=datetime.now(UTC),
        duration_s=0.0,
    )
    with closing(Store(str(database))) as store:
        known = store.known([job.key for job in jobs[:until]])
        fresh = [job for job in jobs[:until] if job.key not in known]
        for start in range(0, len(fresh), _BULK):
            done = [
                Evaluation(job, Outcome((_latency(job.parameters["value"]),)), made)
                for job in fresh[start : start + _BULK]
            ]
            store.record(done, {evaluation.job.key: [] for evaluation in done})


def _latency(value: object) -> Metric:
    return Metric.of("latency_ns", float(str(value)), Fidelity.ESTIMATE)


def status_s(database: Path) -> float:
    """Return the seconds that `dse status` takes, its start included."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "dse.cli.main", "status", "--db", str(database)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def bench_long_run(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Measure a run of a million points at both ends."""
    found, what = measure(folder), f"{N_POINTS:,} points"
    change = 100 * (found.end_ms / found.start_ms - 1)
    yield f"{what}: the first {N_ENDS:,}", f"{found.start_ms:.2f} ms of a core a point", ""
    yield f"{what}: the last {N_ENDS:,}", f"{found.end_ms:.2f} ms ({change:+.0f} %)", "goal < +10 %"
    memory = f"{found.start_memory / 1e6:.0f} to {found.end_memory / 1e6:.0f} MB"
    yield f"{what}: memory of the driver", memory, "goal: flat"
    yield f"{what}: database", f"{found.bytes_per_point:.0f} bytes a point", ""
    yield f"{what}: dse status", f"{status_s(found.database):.2f} s", "goal < 2 s"
