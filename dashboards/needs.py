"""Cores and licences of backends, as their adapters ask for them."""

from collections.abc import Mapping
from pathlib import Path

from dse.analysis.spending import Needs
from dse.contracts.backend import Job
from dse.contracts.errors import DseError
from dse.engine.worker import load_backend
from dse.store.queries import Results, StoredEvaluation


def needs_of(results: Results, study: str) -> Mapping[str, Needs]:
    """Return what one evaluation of each backend takes, by a stored evaluation of it.

    A backend that is not installed here is left out.
    """
    found = {}
    for number in _examples(results, study):
        for one in results.evaluations(study, number):
            if one.backend not in found and (needs := _needs(one)):
                found[one.backend] = needs
    return found


def _examples(results: Results, study: str) -> list[int]:
    """Return the first point that each backend evaluated."""
    first: dict[str, int] = {}
    for number, backend, *_ in results.timings(study):
        first.setdefault(backend, number)
    return sorted(set(first.values()))


def _needs(one: StoredEvaluation) -> Needs | None:
    job = Job(
        key=one.key,
        backend=one.backend,
        parameters=one.parameters,
        workload=one.workload,
        workload_parameters=one.workload_parameters,
        fingerprint=one.fingerprint,
        base=Path(),
    )
    try:
        planned = load_backend(one.backend).plan(job)
    except (DseError, KeyError, TypeError, ValueError):  # an import, or of another version
        return None
    return Needs(planned.cpus, sum(planned.licences.values()))
