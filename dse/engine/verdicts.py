"""What backends say of jobs before hours are spent on them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from dse.contracts.backend import Backend, Job, Verdict
from dse.contracts.workload import Prepared


def verdicts(backend: Backend, jobs: Iterable[Job], cache: Path) -> list[dict[str, Any]]:
    """Return why designs will not, or may not, be built, each reason with its evaluations.

    Only of networks that are in the cache: nothing is prepared here.

    Args:
        backend: that would evaluate the jobs.
        jobs: of this backend.
        cache: folder of the prepared networks, among others.
    """
    found = (_verdict(backend, job, cache) for job in jobs)
    counts = Counter(each for each in found if each is not None and not each.builds)
    return [{**vars(each), "evaluations": count} for each, count in counts.items()]


def outlook(backend: Backend, jobs: Sequence[Job], cache: Path) -> dict[str, Any]:
    """Return verdicts, and how many networks must be read before there are more."""
    return {"verdicts": verdicts(backend, jobs, cache), "unread": unread(backend, jobs, cache)}


def unread(backend: Backend, jobs: Iterable[Job], cache: Path) -> int:
    """Return the networks that must be in the cache before a backend says what it will build.

    0 for a backend that says nothing.
    """
    if type(backend).verdict is Backend.verdict:
        return 0
    fingerprints = {job.fingerprint for job in jobs}
    return sum(not (cache / "networks" / each).is_dir() for each in fingerprints)


def _verdict(backend: Backend, job: Job, cache: Path) -> Verdict | None:
    folder = cache / "networks" / job.fingerprint
    if not folder.is_dir():
        return None
    return backend.verdict(job, Prepared(folder, job.fingerprint), cache)
