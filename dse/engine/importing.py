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


@dataclass
class ImportSummary:
    """Folders of an import by what became of them.

    `not_run` are folders of jobs that have not run, or have not finished.
    """

    new: list[Path] = field(default_factory=list)
    unchanged: list[Path] = field(default_factory=list)
    failed: list[Path] = field(default_factory=list)
    not_run: list[Path] = field(default_factory=list)


def farm_results(
    farm: Farm, root: Path, backend: Callable[[str], OfflineBackend]
) -> Iterator[ImportedResult | Path]:
    """Yield the results of a farm folder; for jobs that have not finished, their folder."""
    for job in farm.jobs:
        folder = root / job.folder
        report = backend(job.backend).read(job.parameters, folder) if folder.is_dir() else None
        if report is None:
            yield folder
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
    results: Sequence[ImportedResult | Path],
    points: Sequence[Assignment],
    *,
    replace_stored: bool = False,
) -> ImportSummary:
    """Check all results, then store those that are new.

    Args:
        store: where to store.
        study: created if the store does not have it; otherwise results are added to it.
        results: from `farm_results` or `dse.engine.report_trees.results`.
        points: all points of the study, also those without results.
        replace_stored: replace stored results that differ from the imported ones.

    Raises:
        DataError: results contradict each other or stored ones; nothing is stored then.
    """
    done = ImportSummary(not_run=[entry for entry in results if isinstance(entry, Path)])
    given = [entry for entry in results if isinstance(entry, ImportedResult)]
    latest = _agreeing(given)
    stored = _stored(store, study.name)
    _check_one_result_per_point(store, latest, stored, replace_stored=replace_stored)
    known = store.known(list(latest))
    fresh = {
        key: entry
        for key, entry in latest.items()
        if _is_new(store, entry, known.get(key), replace_stored=replace_stored)
    }
    for entry in given:
        is_new = entry.evaluation.job.key in fresh
        failure = entry.evaluation.outcome.failure
        (done.failed if failure else done.new if is_new else done.unchanged).append(entry.folder)
    known_id = store.study_id(study.name)
    study_id = store.save_study(study) if known_id is None else known_id
    _write(store, study_id, fresh, latest, points, stored)
    if fresh or known_id is None:
        store.set_state(study_id, "interrupted" if done.not_run else "done")
    return done


def _agreeing(given: Sequence[ImportedResult]) -> dict[str, ImportedResult]:
    """Return one result per key, with the points of all folders that have it.

    Raises:
        DataError: two folders have different results for the same design.
    """
    latest: dict[str, ImportedResult] = {}
    for entry in given:
        before = latest.setdefault(entry.evaluation.job.key, entry)
        if before is not entry:
            _check_equal(entry, before.evaluation.outcome, str(before.folder))
            new = tuple(point for point in entry.points if point not in before.points)
            both = replace(before, points=(*before.points, *new))
            latest[entry.evaluation.job.key] = both
    return latest


_Stored = Mapping[tuple[str, str], tuple[str, int, bool]]
"""(key, evaluation id, whether it succeeded) by (digest of the point's parameters, backend)."""


def _stored(store: Store, study: str) -> _Stored:
    study_id = store.study_id(study)
    return {} if study_id is None else store.linked(study_id)


def _place(point: Assignment, entry: ImportedResult) -> tuple[str, str]:
    return digest(dict(point)), entry.evaluation.job.backend


def _check_one_result_per_point(
    store: Store, latest: Mapping[str, ImportedResult], stored: _Stored, *, replace_stored: bool
) -> None:
    """Check that a point has one result per backend.

    Raises:
        DataError: two designs are the same point, or a result differs from the stored one.
    """
    taken: dict[tuple[str, str], ImportedResult] = {}
    for key, entry in latest.items():
        for point in entry.points:
            other = taken.setdefault(_place(point, entry), entry)
            given = (f"{name} = {value}" for name, value in point.items())
            shown = ", ".join(given) or "nothing says its parameters"
            if other is not entry:
                message = f"is the same point as {other.folder}: {shown}"
                hint = "tell them apart by --pattern or --map"
                raise DataError(message, where=str(entry.folder), hint=hint)
            before, row, succeeded = stored.get(_place(point, entry), (key, 0, False))
            failed = entry.evaluation.outcome.failure is not None
            if before == key or not succeeded or failed or replace_stored:
                continue
            if _values(store.metrics(row)) != _values(entry.evaluation.outcome.metrics):
                message = f"the point has another result, of another design or tool: {shown}"
                hint = "tell them apart by --pattern or --map, or --replace the stored one"
                raise DataError(message, where=str(entry.folder), hint=hint)


def _check_equal(entry: ImportedResult, other: Outcome, where: str) -> None:
    mine, theirs = _values(entry.evaluation.outcome.metrics), _values(other.metrics)
    differing = [name for name in sorted({*mine, *theirs}) if mine.get(name) != theirs.get(name)]
    if differing:
        name = differing[0]
        raise DataError(
            f"the same design has {name} {mine.get(name)} here and {theirs.get(name)} in {where}",
            where=str(entry.folder),
            hint="import one of the two, or tell them apart by --pattern or --map; "
            "--replace puts it in the place of a stored one",
        )


def _values(metrics: Sequence[Metric]) -> dict[str, float]:
    """Return metrics by name, without utilisation in per cent, which older versions stored."""
    kept = without_shares([metric.name for metric in metrics])
    return {metric.name: metric.value for metric in metrics if metric.name in kept}


def _is_new(
    store: Store, entry: ImportedResult, known: Known | None, *, replace_stored: bool
) -> bool:
    """Whether a result is to be stored.

    Raises:
        DataError: it differs from the stored result of the same key.
    """
    outcome = entry.evaluation.outcome
    if known is None or replace_stored:
        return True
    if known.failure is not None:  # a success, or another kind of failure, replaces it
        return outcome.failure is None or outcome.failure.kind is not known.failure
    if outcome.failure is None:
        _check_equal(entry, Outcome(store.metrics(known.evaluation_id)), store.database.shown)
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
