"""`dse import`: store results of tools that ran without dse; importing twice changes nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import dse
from dse.analysis.utilisation import without_shares
from dse.contracts.backend import Job, Outcome
from dse.contracts.errors import DataError
from dse.contracts.metrics import Metric
from dse.contracts.offline import OfflineBackend, RunReport
from dse.contracts.parameters import Assignment
from dse.engine.emitting import Farm
from dse.runtime.cache import digest
from dse.store.records import Evaluation, Known, Provenance, StudyRecord
from dse.store.store import Store

IMPORTED_FROM = "imported_from"
"""Key of the effective configuration under which the folder of an imported result is stored."""


@dataclass(frozen=True)
class ImportedResult:
    """One evaluation read from a folder, and the points it belongs to.

    Args:
        folder: where the reports are.
        evaluation: the result, ready to be stored.
        points: parameters of each point.
    """

    folder: Path
    evaluation: Evaluation
    points: tuple[Assignment, ...]


@dataclass(frozen=True)
class NotTaken:
    """A design whose results are not stored.

    Args:
        folder: where it is.
        reason: why.
        hint: what to do about it; empty if unknown.
        is_error: whether its files contradict something or are wrong; else it has no results yet.
    """

    folder: Path
    reason: str
    hint: str = ""
    is_error: bool = True


@dataclass
class ImportSummary:
    """Designs of an import by what became of them.

    Args:
        new: folders of results that were stored.
        unchanged: folders of results that were stored before.
        failed: failures that were stored, with their messages.
        not_taken: designs whose results are not stored.
    """

    new: list[Path] = field(default_factory=list)
    unchanged: list[Path] = field(default_factory=list)
    failed: dict[Path, str] = field(default_factory=dict)
    not_taken: list[NotTaken] = field(default_factory=list)


def farm_results(
    farm: Farm, root: Path, backend: Callable[[str], OfflineBackend]
) -> Iterator[ImportedResult | NotTaken]:
    """Yield the results of a farm folder, and the jobs that have not finished or are damaged."""
    for job in farm.jobs:
        folder = root / job.folder
        try:
            report = backend(job.backend).read(job.parameters, folder) if folder.is_dir() else None
        except DataError as error:
            yield NotTaken(folder, error.message, error.hint)
            continue
        if report is None:
            yield NotTaken(folder, "not finished", is_error=False)
            continue
        points = tuple(farm.points[number] for number in job.points)
        yield to_imported_result(job.run_with(report.tool), job.version, report, folder, points)


def to_imported_result(
    job: Job, version: int, report: RunReport, folder: Path, points: Sequence[Assignment]
) -> ImportedResult:
    """Return a run's report as an evaluation.

    Args:
        job: the job, with its final key.
        version: version of the adapter that read the report.
        report: what the run left.
        folder: folder of the run; stored as `imported_from`.
        points: points that the result belongs to.
    """
    effective = {**report.outcome.effective, IMPORTED_FROM: str(folder)}
    started = report.finished_at - timedelta(seconds=report.duration_s or 0.0)
    provenance = Provenance(
        adapter_version=version,
        tool=report.tool,
        dse_version=dse.__version__,
        host=report.host,
        started_at=started,
        duration_s=report.duration_s,
    )
    outcome = replace(report.outcome, effective=effective)
    return ImportedResult(folder, Evaluation(job, outcome, provenance), tuple(points))


def store_all(
    store: Store,
    study: StudyRecord,
    results: Sequence[ImportedResult | NotTaken],
    points: Sequence[Assignment],
    *,
    replace_stored: bool = False,
) -> ImportSummary:
    """Store the results that are new and contradict nothing; the summary names the others.

    Args:
        store: where to store.
        study: created if the store does not have it; otherwise results are added to it.
        results: from `farm_results` or `dse.engine.report_trees.results`.
        points: all points of the study, also those without results.
        replace_stored: replace stored results that differ from the imported ones.
    """
    study = replace(study, name=store.own_name(study.name))
    done = ImportSummary(not_taken=[entry for entry in results if isinstance(entry, NotTaken)])
    given = [entry for entry in results if isinstance(entry, ImportedResult)]
    stored = _stored(store, study.name)
    latest = _agreeing(given, done)
    latest = _one_result_per_point(store, latest, stored, done, replace_stored=replace_stored)
    known = store.known(list(latest))
    if not replace_stored:
        latest = _as_stored(store, latest, known, done)
    fresh = {
        key: entry
        for key, entry in latest.items()
        if _is_new(entry, known.get(key), replace_stored=replace_stored)
    }
    for entry in given:
        _count(entry, latest, fresh, done)
    if not (latest or points):
        return done
    known_id = store.study_id(study.name)
    study_id = store.save_study(study) if known_id is None else known_id
    _write(store, study_id, fresh, latest, points, stored)
    if fresh or known_id is None:
        unfinished = any(not entry.is_error for entry in done.not_taken)
        store.set_state(study_id, "interrupted" if unfinished else "done")
    return done


def _count(
    entry: ImportedResult,
    latest: Mapping[str, ImportedResult],
    fresh: Mapping[str, ImportedResult],
    done: ImportSummary,
) -> None:
    """Enter a result into the summary, unless it was not taken."""
    key, failure = entry.evaluation.job.key, entry.evaluation.outcome.failure
    if key not in latest:
        return
    if failure is not None:
        done.failed[entry.folder] = failure.message
    else:
        (done.new if key in fresh else done.unchanged).append(entry.folder)


def _agreeing(given: Sequence[ImportedResult], done: ImportSummary) -> dict[str, ImportedResult]:
    """Return one result per key, with the points of all folders that have it.

    Where folders have different results for the same design, none of them is taken: nothing says
    which is right.
    """
    latest: dict[str, ImportedResult] = {}
    folders: dict[str, list[Path]] = {}
    contradicting: dict[str, str] = {}
    for entry in given:
        key = entry.evaluation.job.key
        folders.setdefault(key, []).append(entry.folder)
        before = latest.setdefault(key, entry)
        if before is not entry:
            place = str(before.folder)
            if difference := _difference(entry, before.evaluation.outcome, place):
                contradicting.setdefault(key, f"{difference} (here: {entry.folder})")
            new = tuple(point for point in entry.points if point not in before.points)
            latest[key] = replace(before, points=(*before.points, *new))
    for key, reason in contradicting.items():
        del latest[key]
        done.not_taken += [NotTaken(folder, reason, _CONTRADICTS) for folder in folders[key]]
    return latest


_CONTRADICTS = (
    "import one of the two, or tell them apart by --pattern or --map; "
    "--replace puts it in the place of a stored one"
)

_Stored = Mapping[tuple[str, str], tuple[str, int, bool]]
"""(key, evaluation id, whether it succeeded) by (digest of the point's parameters, backend)."""


def _stored(store: Store, study: str) -> _Stored:
    study_id = store.study_id(study)
    return {} if study_id is None else store.linked(study_id)


def _place(point: Assignment, entry: ImportedResult) -> tuple[str, str]:
    return digest(dict(point)), entry.evaluation.job.backend


def _one_result_per_point(
    store: Store,
    latest: Mapping[str, ImportedResult],
    stored: _Stored,
    done: ImportSummary,
    *,
    replace_stored: bool,
) -> dict[str, ImportedResult]:
    """Return the results without those whose point has another result.

    Of several designs at one point none is taken, because nothing says which one the point is. A
    failure takes no point from a success.
    """
    at: dict[tuple[str, str], list[ImportedResult]] = {}
    for entry in latest.values():
        for point in entry.points:
            at.setdefault(_place(point, entry), []).append(entry)
    kept: dict[str, ImportedResult] = {}
    for key, entry in latest.items():
        reason = _shared_point(entry, at)
        if not reason and not replace_stored:
            reason = _stored_otherwise(store, entry, stored)
        if reason:
            done.not_taken.append(NotTaken(entry.folder, reason, _TELL_APART))
        else:
            kept[key] = entry
    return kept


_TELL_APART = (
    "tell them apart by --pattern or --map; --replace puts it in the place of a stored one"
)


def _shown(point: Assignment) -> str:
    given = (f"{name} = {value}" for name, value in point.items())
    return ", ".join(given) or "nothing says its parameters"


def _shared_point(
    entry: ImportedResult, at: Mapping[tuple[str, str], Sequence[ImportedResult]]
) -> str:
    """Return which other design is at the same point; empty where there is none."""
    failure = entry.evaluation.outcome.failure
    for point in entry.points:
        others = [other for other in at[_place(point, entry)] if other is not entry]
        if failure is None:
            others = [other for other in others if other.evaluation.outcome.failure is None]
        if others:
            why = f"{failure.message}; and it " if failure is not None else ""
            return f"{why}is the same point as {others[0].folder}: {_shown(point)}"
    return ""


def _stored_otherwise(store: Store, entry: ImportedResult, stored: _Stored) -> str:
    """Return which point has another stored result; empty where none has."""
    key, outcome = entry.evaluation.job.key, entry.evaluation.outcome
    for point in entry.points:
        before, row, succeeded = stored.get(_place(point, entry), (key, 0, False))
        if before == key or not succeeded or outcome.failure is not None:
            continue
        if _values(store.metrics(row)) != _values(outcome.metrics):
            return f"the point has another result, of another design or tool: {_shown(point)}"
    return ""


def _difference(entry: ImportedResult, other: Outcome, where: str) -> str:
    """Return how a result differs from another one of the same design; empty where it does not."""
    mine, theirs = _values(entry.evaluation.outcome.metrics), _values(other.metrics)
    differing = [name for name in sorted({*mine, *theirs}) if mine.get(name) != theirs.get(name)]
    if not differing:
        return ""
    name = differing[0]
    return f"the same design has {name} {mine.get(name)} here and {theirs.get(name)} in {where}"


def _values(metrics: Sequence[Metric]) -> dict[str, float]:
    """Return metrics by name, without utilisation in per cent, which older versions stored."""
    kept = without_shares([metric.name for metric in metrics])
    return {metric.name: metric.value for metric in metrics if metric.name in kept}


def _as_stored(
    store: Store,
    latest: Mapping[str, ImportedResult],
    known: Mapping[str, Known],
    done: ImportSummary,
) -> dict[str, ImportedResult]:
    """Return the results without those that differ from the stored result of the same key."""
    kept = {}
    for key, entry in latest.items():
        before, failure = known.get(key), entry.evaluation.outcome.failure
        difference = ""
        if before is not None and before.failure is None and failure is None:
            outcome = Outcome(store.metrics(before.evaluation_id))
            difference = _difference(entry, outcome, store.database.shown)
        if difference:
            done.not_taken.append(NotTaken(entry.folder, difference, _CONTRADICTS))
        else:
            kept[key] = entry
    return kept


def _is_new(entry: ImportedResult, known: Known | None, *, replace_stored: bool) -> bool:
    """Whether a result is to be stored: it is not there, or takes the place of a failure."""
    outcome = entry.evaluation.outcome
    if known is None or replace_stored:
        return True
    if known.failure is not None:  # a success, or another kind of failure, replaces it
        return outcome.failure is None or outcome.failure.kind is not known.failure
    return False


def _may_link(point: Assignment, entry: ImportedResult, linked: _Stored) -> bool:
    """Whether a point may get this result: a failure never replaces a success."""
    key, _, succeeded = linked.get(_place(point, entry), ("", 0, False))
    failed = entry.evaluation.outcome.failure is not None
    return not (failed and succeeded and key != entry.evaluation.job.key)


def _write(
    store: Store,
    study_id: int,
    fresh: Mapping[str, ImportedResult],
    latest: Mapping[str, ImportedResult],
    points: Sequence[Assignment],
    linked: _Stored,
) -> None:
    wanted = [*points, *(point for entry in latest.values() for point in entry.points)]
    rows = iter(store.save_points(study_id, wanted, leaving=())[len(points) :])
    # Each entry takes its rows from the one iterator. `entry.points` stands first in zip, which
    # so stops before it takes a row of the next entry; strict=True would want `rows` to end.
    by_key = {
        key: [row.id for point, row in zip(entry.points, rows) if _may_link(point, entry, linked)]  # noqa: B905
        for key, entry in latest.items()
    }
    store.record([entry.evaluation for entry in fresh.values()], by_key)
    known = store.known(list(latest))
    # `record` links new evaluations only; an unchanged one may belong to further points.
    store.link(
        (point, latest[key].evaluation.job.backend, found.evaluation_id)
        for key, found in known.items()
        for point in by_key[key]
    )
    store.refresh_views()
