"""What a study cost: time by backend, hours of cores and licences, and what was not computed twice.

Only evaluations that the store has are counted: training of networks and attempts that were tried
again are not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from dse.store.queries import Results, in_utc

HOUR_S = 3600.0


@dataclass(frozen=True)
class Needs:
    """Cores and licence tokens that one evaluation of a backend takes."""

    cpus: float = 1.0
    licences: int = 0


@dataclass(frozen=True)
class BackendSpending:
    """What the evaluations of one backend took.

    Args:
        backend: its name.
        count: evaluations of this study, each once.
        seconds: their time, one after the other.
        mean_s: mean time of one.
        longest_s: time of the longest.
        cpu_hours: hours of cores.
        licence_hours: hours of licence tokens.
        reused: evaluations that the store had before the study was, each once.
        saved_s: time that these had taken, which was not spent again.
        shared: results that further points have from an evaluation of another point, because the
            backend does not depend on what tells them apart. They cost and save nothing: no run
            would evaluate them twice.
    """

    backend: str
    count: int
    seconds: float
    mean_s: float
    longest_s: float
    cpu_hours: float
    licence_hours: float
    reused: int
    saved_s: float
    shared: int = 0


def evaluations(results: Results, study: str) -> pd.DataFrame:
    """Return one row per point and backend, by start.

    Returns:
        Columns point, backend, start and end (UTC), seconds, host, id of the evaluation, `first`
        (whether no earlier row has the evaluation), `earlier` (evaluated before the study was).
    """
    summary = results.study(study)
    rows = results.timings(study)
    names = ["point", "backend", "start", "seconds", "id", "host", "failed"]
    frame = pd.DataFrame(rows, columns=names).sort_values(["start", "id", "point"])
    frame["end"] = frame["start"] + pd.to_timedelta(frame["seconds"], unit="s")
    frame["first"] = ~frame["id"].duplicated()
    frame["earlier"] = frame["start"] < _just_before(in_utc(summary.created_at))
    return frame.reset_index(drop=True)


def _just_before(when: datetime) -> datetime:
    """Return a moment before which an evaluation is one of another study; clocks may differ."""
    return when - timedelta(seconds=1)


def spending(frame: pd.DataFrame, needs: Mapping[str, Needs]) -> list[BackendSpending]:
    """Return what each backend took, the costliest first.

    Args:
        frame: from `evaluations`.
        needs: of each backend; one core and no licence for others.
    """
    found = [
        _of(str(name), rows, needs.get(str(name), Needs()))
        for name, rows in frame.groupby("backend")
    ]
    return sorted(found, key=lambda one: -one.seconds)


def _of(name: str, rows: pd.DataFrame, needs: Needs) -> BackendSpending:
    own = rows[rows["first"] & ~rows["earlier"]]["seconds"]
    reused = rows[rows["first"] & rows["earlier"]]["seconds"]
    hours = float(own.sum()) / HOUR_S
    return BackendSpending(
        backend=name,
        count=len(own),
        seconds=float(own.sum()),
        mean_s=float(own.mean()) if len(own) else 0.0,
        longest_s=float(own.max()) if len(own) else 0.0,
        cpu_hours=hours * needs.cpus,
        licence_hours=hours * needs.licences,
        reused=len(reused),
        saved_s=float(reused.sum()),
        shared=len(rows) - len(own) - len(reused),
    )


@dataclass(frozen=True)
class PhaseSpending:
    """What one phase of a backend's evaluations took: their number and seconds."""

    backend: str
    phase: str
    count: int
    seconds: float


def phases(results: Results, study: str, frame: pd.DataFrame) -> list[PhaseSpending]:
    """Return the time by backend and phase, in the order of the phases.

    Args:
        results: the database.
        study: name.
        frame: from `evaluations`; what was taken from the store is left out, as in `spending`.
    """
    own = set(frame.loc[frame["first"] & ~frame["earlier"], "id"])
    found: dict[tuple[str, str], list[float]] = {}
    for evaluation, backend, seconds in results.phases(study):
        for phase, took in seconds.items() if evaluation in own else ():
            found.setdefault((backend, phase), []).append(float(took))
    return [PhaseSpending(*key, len(took), sum(took)) for key, took in found.items()]


def lanes(frame: pd.DataFrame) -> "pd.Series[int]":
    """Return a lane for every row of a timeline, so that none overlaps another of its host.

    The number of lanes of a host is the largest number of evaluations that it ran at a time. The
    store knows the machine of an evaluation and not its process, so a lane is no certain worker.

    Args:
        frame: rows with host, start and end, by start.
    """
    ends: dict[str, list[datetime]] = {}
    found = [_lane(ends.setdefault(host, []), start, end) for host, start, end in _spans(frame)]
    return pd.Series(found, index=frame.index, dtype="int64")


def _spans(frame: pd.DataFrame) -> Sequence[tuple[str, datetime, datetime]]:
    return list(zip(frame["host"], frame["start"], frame["end"], strict=True))


def _lane(ends: list[datetime], start: datetime, end: datetime) -> int:
    """Return the first lane that is free at `start`, and occupy it until `end`."""
    lane = next((index for index, busy in enumerate(ends) if busy <= start), len(ends))
    ends[lane : lane + 1] = [end]
    return lane
