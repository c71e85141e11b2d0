"""Add the results of one database to another, by key: what is there already stays."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
from sqlalchemy import Row, select

from dse.contracts.backend import Artifact, Job, Outcome
from dse.contracts.errors import Failure, FailureKind
from dse.contracts.metrics import Fidelity, Metric
from dse.runtime.cache import digest
from dse.store.batches import batches
from dse.store.conflicts import Conflict, conflicts_with
from dse.store.queries import Results, StudySummary, in_utc
from dse.store.records import Evaluation, Known, Provenance, StudyRecord, StudyState
from dse.store.schema import (
    ArtifactRow,
    EvaluationRow,
    MetricRow,
    PointEvaluationRow,
    PointRow,
    StudyRow,
)
from dse.store.store import Store

_Place = tuple[str, str]
"""Name of a study, and digest of a point's parameters."""


@dataclass
class Merged:
    """What a merge did, and what it left as it was.

    Args:
        points: how many points of each study were read, by its name in the target.
        new: evaluations that the target did not have.
        replaced: failures of the target in whose place a result is now.
        same: evaluations that the target keeps.
        conflicts: results of both that differ; the target keeps its own.
        edited: names of studies whose files differ; the target keeps its own.
    """

    points: dict[str, int] = field(default_factory=dict)
    new: int = 0
    replaced: int = 0
    same: int = 0
    conflicts: list[Conflict] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)


def merge(source: Results, target: Store) -> Merged:
    """Add all studies, points and evaluations of a database to another; merging twice is the same.

    A result that the target has stays, unless it is a failure and the other a success.

    Args:
        source: the database to read.
        target: the database to write.
    """
    points: dict[_Place, int] = {}
    linked: dict[tuple[str, str, str], str] = {}
    done, reader = Merged(), source.owner()
    studies = source.studies()[::-1]  # the last changed is written last, and so stays the last
    for study in studies:
        owner = "" if study.owner == reader else study.owner
        name = _name_in(target, study, owner)
        if _is_edited(source.source(study.name), target, name):
            done.edited.append(name)
        study_id, found = _merge_study(source, target, study, name, owner)
        done.points[name] = len(found)
        points |= {(study.name, key): row for key, row in found.items()}
        links = target.linked(study_id).items()
        linked |= {(study.name, point, name): key for (point, name), (key, *_) in links}
    for batch in batches([row.id for row in source.rows(select(EvaluationRow.id))]):
        owners: dict[str, list[int]] = {}
        evaluations = list(_evaluations(source, batch))
        for key, backend, place in _links(source, batch):
            # a point of the target keeps the evaluation that it has, of a newer study perhaps
            if linked.get((*place, backend), key) == key:
                owners.setdefault(key, []).append(points[place])
        keys = [evaluation.job.key for evaluation in evaluations]
        conflicts = conflicts_with(target, evaluations)
        _count(done, evaluations, target.known(keys))
        target.record(evaluations, {key: owners.get(key, []) for key in keys}, keep=True)
        done.conflicts += conflicts
        differing = {conflict.key for conflict in conflicts}
        _copy_artifacts(source, target, [e for e in evaluations if e.job.key not in differing])
    target.refresh_views()
    return done


def _count(done: Merged, evaluations: Sequence[Evaluation], known: Mapping[str, Known]) -> None:
    for evaluation in evaluations:
        there = known.get(evaluation.job.key)
        if there is None:
            done.new += 1
        elif there.failure and not evaluation.outcome.failure:
            done.replaced += 1
        else:
            done.same += 1


def _name_in(target: Store, study: StudySummary, owner: str) -> str:
    """Return the name that a study has in the target; without an owner it is the writer's."""
    return target.own_name(study.name.removesuffix(f"@{study.owner}"), owner)


def _is_edited(source: str, target: Store, study: str) -> bool:
    """Return whether the target has a study of this name, with another file."""
    with target.reading() as connection:
        ours = connection.scalar(select(StudyRow.source).where(StudyRow.name == study))
    return ours is not None and ours != source


def _merge_study(
    source: Results, target: Store, study: StudySummary, name: str, owner: str
) -> tuple[int, dict[str, int]]:
    """Add a study and its points; return its id, and the ids of points by digest."""
    every = [point.parameters for point in source.points(study.name, every=True)]
    current = [point.parameters for point in source.points(study.name)]
    study_id = target.study_id(name)
    is_new = study_id is None
    if study_id is None:
        text = source.source(study.name)
        given = (name, study.description, study.path, text, study.objectives)
        study_id = target.save_study(StudyRecord(*given, owner=owner))
    if is_new:  # all points, so that they keep their numbers
        rows = target.save_points(study_id, every)
        target.save_points(study_id, current)
        ended = "interrupted" if study.state == "running" else study.state
        target.set_state(study_id, cast("StudyState", ended))
    else:
        rows = target.save_points(study_id, current, leaving=())
    return study_id, {digest(dict(row.parameters)): row.id for row in rows}


def _links(source: Results, ids: Sequence[int]) -> Iterator[tuple[str, str, _Place]]:
    """Yield (key, backend, place of the point) of all points that evaluations belong to."""
    link = PointEvaluationRow
    query = (
        select(EvaluationRow.key, link.backend, StudyRow.name, PointRow.digest)
        .join(link, link.evaluation_id == EvaluationRow.id)
        .join(PointRow, PointRow.id == link.point_id)
        .join(StudyRow, StudyRow.id == PointRow.study_id)
        .where(EvaluationRow.id.in_(ids))
    )
    for key, backend, study, point in map(tuple, source.rows(query)):
        yield key, backend, (study, point)


def _evaluations(source: Results, ids: Sequence[int]) -> Iterator[Evaluation]:
    metrics: dict[int, list[Metric]] = {}
    rows = source.rows(select(MetricRow.__table__).where(MetricRow.evaluation_id.in_(ids)))
    for row in rows:
        metrics.setdefault(row.evaluation_id, []).append(_metric(row))
    artifacts: dict[int, list[Artifact]] = {}
    rows = source.rows(select(ArtifactRow.__table__).where(ArtifactRow.evaluation_id.in_(ids)))
    for row in rows:
        artifacts.setdefault(row.evaluation_id, []).append(Artifact(row.role, row.path))
    for row in source.rows(select(EvaluationRow.__table__).where(EvaluationRow.id.in_(ids))):
        outcome = Outcome(
            tuple(metrics.get(row.id, ())),
            row.effective,
            tuple(artifacts.get(row.id, ())),
            _failure(row),
        )
        yield Evaluation(_job(row), outcome, _provenance(row))


def _metric(row: Row[Any]) -> Metric:
    values = row._asdict()
    del values["evaluation_id"]
    values["fidelity"] = Fidelity(row.fidelity)
    if row.replicas is not None:
        values["replicas"] = np.frombuffer(row.replicas, dtype="<f8")
    return Metric(**values)


def _failure(row: Row[Any]) -> Failure | None:
    if row.failure_kind is None:
        return None
    texts = (row.failure_message or "", row.failure_log or "", row.failure_hint or "")
    return Failure(FailureKind(row.failure_kind), *texts)


def _job(row: Row[Any]) -> Job:
    return Job(
        key=row.key,
        backend=row.backend,
        parameters=row.parameters,
        workload=row.workload,
        workload_parameters=row.workload_parameters,
        fingerprint=row.fingerprint,
        base=Path(),  # it is not stored: results do not depend on the place of the study
    )


def _provenance(row: Row[Any]) -> Provenance:
    started: datetime = in_utc(row.started_at)
    return Provenance(
        adapter_version=row.adapter_version,
        tool=row.tool,
        dse_version=row.dse_version,
        host=row.host,
        started_at=started,
        duration_s=row.duration_s,
        attempts=row.attempts,
    )


def _copy_artifacts(source: Results, target: Store, evaluations: Sequence[Evaluation]) -> None:
    """Copy files of evaluations that the target's folder lacks."""
    theirs, ours = source.database.artifacts, target.database.artifacts
    for path in {a.path for evaluation in evaluations for a in evaluation.outcome.artifacts}:
        if (theirs / path).is_file() and not (ours / path).exists():
            (ours / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(theirs / path, ours / path)
