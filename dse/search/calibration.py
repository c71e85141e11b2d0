"""Corrections of predicted reports of a tool and part, kept in a file that a study names.

They are the constant corrections of `dse.search.corrections` for one pair of fidelities, by tool,
part and version of the rules.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dse.analysis.intervals import conformal
from dse.contracts.metrics import Fidelity
from dse.search.left_out import constant, errors_left_out, units
from dse.store.queries import Results, StoredEvaluation, StoredMetric

_LEVEL = Fidelity.PREDICTED.interval_percent / 100

LEAST_POINTS = 9
"""Fewest designs of which a conformal interval of 90 % can be told: ceil(10 * 0.9) = 9."""

_CSYNTH = "csynth"
"""Stage of a predicted report that is compared with reports of C synthesis."""


@dataclass(frozen=True)
class Pair:
    """A predicted number and the reported one of the same design.

    Args:
        tool: whose report was predicted.
        part: the FPGA part.
        metric: name.
        network: fingerprint of the workload; left out together.
        rule_set: version of the rules that predicted.
        predicted: the number before any calibration.
        reported: of C synthesis.
        reported_by: the tool that reported it, with its version.
    """

    tool: str
    part: str
    metric: str
    network: str
    rule_set: int
    predicted: float
    reported: float
    reported_by: str


@dataclass(frozen=True)
class Calibration:
    """A correction of one metric for a tool and part.

    Args:
        tool: whose report is predicted.
        part: the FPGA part.
        metric: name.
        rule_set: version of the rules whose numbers are corrected.
        reported_by: the tool that the correction leads to, with its version.
        factor: of predicted numbers.
        spread: half the 90 % interval, as a natural logarithm.
        points: designs with both numbers.
        networks: networks among them.
        left_out: what was left out for the errors: ``network``, or ``point`` of a single network.
        error_before: median relative error without the correction.
        error_left_out: median relative error of what was left out, corrected.
    """

    tool: str
    part: str
    metric: str
    rule_set: int
    reported_by: str
    factor: float
    spread: float
    points: int
    networks: int
    left_out: str
    error_before: float
    error_left_out: float


def pairs_of(results: Results, study: str) -> Iterable[Pair]:
    """Yield the designs of a study with a predicted and a reported number of one metric."""
    for point in results.points(study):
        evaluations = {e.id: e for e in results.evaluations(study, point.number)}
        for made in point.metrics:
            origin = evaluations[made.evaluation_id]
            if made.fidelity is not Fidelity.PREDICTED or not _uncorrected(origin):
                continue
            for reported in point.metrics:
                if _same(made, reported):
                    yield _pair(made, reported, origin, evaluations[reported.evaluation_id])


def _uncorrected(origin: StoredEvaluation) -> bool:
    """Whether an evaluation predicted a report of C synthesis, without a calibration."""
    stage = origin.effective.get("predicted", {}).get("stage", _CSYNTH)
    return stage == _CSYNTH and not origin.parameters.get("calibration")


def _same(made: StoredMetric, reported: StoredMetric) -> bool:
    """Whether a correction by a factor can lead from one number to the other."""
    of_one = made.name == reported.name and made.unit != "ns"  # times follow from cycles
    return of_one and reported.fidelity is Fidelity.CSYNTH and made.value > 0 < reported.value


def _pair(
    made: StoredMetric, reported: StoredMetric, origin: StoredEvaluation, report: StoredEvaluation
) -> Pair:
    predicted = origin.effective.get("predicted", {})
    return Pair(
        # the tool that was taken, where the study left the choice to the backend
        str(predicted.get("tool", origin.parameters["tool"])),
        str(report.parameters.get("part", origin.parameters["part"])),
        made.name,
        origin.fingerprint,
        int(predicted.get("rule_set", 0)),
        made.value,
        reported.value,
        reported.tool,
    )


def calibrations(pairs: Iterable[Pair]) -> list[Calibration]:
    """Return a correction for each tool, part and metric with enough designs."""
    groups: dict[tuple[str, ...], list[Pair]] = defaultdict(list)
    for pair in pairs:
        group = pair.tool, pair.part, pair.metric, str(pair.rule_set), pair.reported_by
        groups[group].append(pair)
    return [_fit(group) for _, group in sorted(groups.items()) if len(group) >= LEAST_POINTS]


def _fit(group: list[Pair]) -> Calibration:
    steps = np.array([math.log(pair.reported / pair.predicted) for pair in group])
    networks = [pair.network for pair in group]
    left_out, labels = units(networks)
    errors = errors_left_out(constant(), np.zeros((len(steps), 1)), steps, labels)
    first = group[0]
    return Calibration(
        tool=first.tool,
        part=first.part,
        metric=first.metric,
        rule_set=first.rule_set,
        reported_by=first.reported_by,
        factor=float(f"{np.exp(np.median(steps)):.4g}"),
        spread=round(conformal(errors, _LEVEL), 4),
        points=len(group),
        networks=len(set(networks)),
        left_out=left_out,
        error_before=round(float(np.median(np.abs(np.expm1(-steps)))), 4),
        error_left_out=round(float(np.median(np.abs(np.expm1(errors)))), 4),
    )


def as_file(found: Iterable[Calibration]) -> Mapping[str, Any]:
    """Return the content of the file that a study names."""
    return {"fits": [dict(vars(one)) for one in found]}
