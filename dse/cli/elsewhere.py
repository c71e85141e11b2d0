"""What `dse plan` says of tools that are not on this machine: what they would do on another."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dse.cli.study_options import Loaded
from dse.formatting import counted, elapsed

if TYPE_CHECKING:
    from dse.contracts.backend import Job


def elsewhere(loaded: Loaded, known: Iterable[str], cache: Path) -> dict[str, dict[str, Any]]:
    """Return evaluations, their time and verdicts by backend that cannot run here.

    Only of a grid: the points of a search are not known before.

    Args:
        loaded: the study.
        known: keys of the evaluations in the store; imported ones are among them.
        cache: folder of the prepared networks, among others.
    """
    from dse.engine.plan import make_plan

    absent = {name: loaded.backends[name] for name in loaded.missing}
    if not absent or not loaded.plan.points:
        return {}
    plan = make_plan(loaded.binding, absent, loaded.plan.points, offline=True)
    stored = set(known)
    waiting = [job for key, job in plan.jobs.items() if key not in stored]
    return {
        name: _of([job for job in waiting if job.backend == name], loaded, name, cache)
        for name in absent
    }


def _of(jobs: "list[Job]", loaded: Loaded, name: str, cache: Path) -> dict[str, Any]:
    from dse.engine.forecast import work_of
    from dse.engine.verdicts import outlook

    backend = loaded.backends[name]
    work = work_of(jobs, [backend.plan(job) for job in jobs], {})
    counts = {"evaluations": len(jobs), "expected_s": round(work.total_s, 1)}
    return counts | outlook(backend, jobs, cache)


def sentences(name: str, row: Mapping[str, Any]) -> Iterable[str]:
    """Yield what the plan says of a backend that cannot run here."""
    if row["evaluations"]:
        number = counted(row["evaluations"], "evaluation")
        yield f"{name}, where the tool is: {number}, about {elapsed(row['expected_s'])} one by one"
