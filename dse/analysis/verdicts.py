"""Verdicts: what a study says about the claims of a publication."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dse.analysis.claim_scans import follows, ratio, trend
from dse.analysis.claim_tests import between, equals, equals_parameter, value
from dse.analysis.claims import (
    Between,
    Claim,
    Equals,
    EqualsParameter,
    Follows,
    Ratio,
    Trend,
    Value,
)
from dse.analysis.columns import Column, meant
from dse.analysis.evidence import Evidence, untested
from dse.analysis.points import Points
from dse.analysis.published import published_text
from dse.analysis.reference_models import Reference
from dse.analysis.samples import Sample
from dse.contracts.errors import UsageError


class Verdict(StrEnum):
    """What became of a claim."""

    REPRODUCED = "reproduced"
    """The test holds."""

    SHAPE_ONLY = "shape only"
    """The test holds for the shape: the numbers differ, or hardware or data do."""

    CONTRADICTS = "contradicts"
    """The test fails."""

    NEEDS = "needs"
    """No number yet, because a tool or hardware is needed that was not there."""

    NOT_RUN = "not run"
    """No number yet, because the study was not run or lacks what the test takes."""


@dataclass(frozen=True)
class Finding:
    """Verdict of one claim by one column of one study.

    Args:
        reference: the publication.
        claim: its claim.
        study: name of the study.
        verdict: what became of the claim.
        evidence: the numbers and the test that decided.
        column: the tested metric; None where there is none.
        note: why the verdict is not that of the test alone; empty where it is.
    """

    reference: Reference
    claim: Claim
    study: str
    verdict: Verdict
    evidence: Evidence
    column: Column | None = None
    note: str = ""

    @property
    def published(self) -> str:
        """What the publication says in numbers."""
        return published_text(self.reference, self.claim)

    @property
    def text(self) -> str:
        """The verdict in words, such as ``needs aoc``."""
        missing = self.claim.needs or self.claim.device
        return f"needs {missing}" if self.verdict is Verdict.NEEDS else self.verdict.value


def judge(reference: Reference, claim: Claim, study: str, points: Points | None) -> list[Finding]:
    """Return the verdicts of a claim, one for each column of the study that can test it.

    Args:
        reference: the publication.
        claim: one of its claims.
        study: name of the study.
        points: the study's points; None where it was not run.

    Raises:
        StoreError: the database does not answer.
    """
    if points is None:
        why = f"dse run {study}" if study else "no study tests this claim"
        return [_without(reference, claim, study, why)]
    columns = list(_columns(claim, points))
    if not columns:
        return [_without(reference, claim, study, f"no point has {claim.metric}")]
    return [_of_column(reference, claim, points, column) for column in columns]


def _columns(claim: Claim, points: Points) -> Iterator[Column]:
    for column in meant(claim.metric, points.columns):
        if not claim.fidelity or column.fidelity in claim.fidelity:
            yield column


def _without(
    reference: Reference, claim: Claim, study: str, why: str, column: Column | None = None
) -> Finding:
    """Return the finding of a claim that there is no number for."""
    verdict = Verdict.NEEDS if claim.needs else Verdict.NOT_RUN
    return Finding(reference, claim, study, verdict, untested(why), column, why)


def _of_column(reference: Reference, claim: Claim, points: Points, column: Column) -> Finding:
    try:
        sample = Sample.of(points, column, claim.where)
        if not sample.index:
            why = f"no point with {claim.metric} has {claim.where}"
            return _without(reference, claim, points.study, why, column)
        evidence = _tested(reference, claim, sample)
    except UsageError as error:  # a name that this study does not have
        return _without(reference, claim, points.study, error.message, column)
    verdict, note = _verdict(claim, evidence, sample)
    return Finding(reference, claim, points.study, verdict, evidence, column, note)


def _tested(reference: Reference, claim: Claim, sample: Sample) -> Evidence:
    if isinstance(claim.test, Follows):
        figure = reference.figure(claim.figure)
        assert figure is not None  # noqa: S101  (checked when the file was read)
        return follows(claim.test, sample, figure)
    return _TESTS[type(claim.test)](claim.test, sample)


_TESTS: Mapping[type, Callable[[Any, Sample], Evidence]] = {
    Between: between,
    Equals: equals,
    EqualsParameter: equals_parameter,
    Ratio: ratio,
    Trend: trend,
    Value: value,
}


def _verdict(claim: Claim, evidence: Evidence, sample: Sample) -> tuple[Verdict, str]:
    """Return the verdict that evidence allows on this hardware and these data, and why."""
    if evidence.grade == "untested":
        return (Verdict.NEEDS if claim.needs else Verdict.NOT_RUN), evidence.test
    elsewhere = _elsewhere(claim, sample)
    if elsewhere and not claim.transfers and evidence.grade in {"shape", "fails"}:
        return Verdict.NEEDS, f"{elsewhere}: shown beside it only"
    if evidence.grade == "fails":
        return Verdict.CONTRADICTS, elsewhere or _other_data(claim)
    limits = elsewhere or _other_data(claim)
    if evidence.grade == "shape" or limits:
        return Verdict.SHAPE_ONLY, limits
    return Verdict.REPRODUCED, ""


def _elsewhere(claim: Claim, sample: Sample) -> str:
    """Return a note where some point was evaluated for other hardware; empty if none was."""
    if not claim.device:
        return ""
    found = sample.points.stored.hardware(sample.column.backend, sample.index)
    wanted = claim.device.casefold()
    same = all(wanted in found.get(point, "").casefold() for point in sample.index)
    return "" if same else f"not on the publication's hardware ({claim.device})"


def _other_data(claim: Claim) -> str:
    return f"the publication's data are other ones: {claim.data}" if claim.data else ""
