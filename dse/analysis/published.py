"""What a publication claims, in numbers."""

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
from dse.analysis.evidence import interval_text, range_text
from dse.analysis.reference_models import Reference
from dse.contracts.metric_names import MetricName
from dse.contracts.registry import installed_metrics

WORDS = {
    "rises": "rises",
    "falls": "falls",
    "not_rises": "does not rise",
    "not_falls": "does not fall",
}
"""Directions of trends in words."""


def published_text(reference: Reference, claim: Claim) -> str:  # noqa: PLR0911  (one per kind)
    """Return what a claim says in numbers, such as ``650 to 1,000 ns``."""
    match claim.test:
        case Between(low=low, high=high):
            return range_text(low, high, _unit(claim))
        case Value(value=value):
            return interval_text([value], _unit(claim))
        case Equals(other=other):
            return f"= {other}"
        case EqualsParameter(parameter=parameter):
            return f"= {parameter}"
        case Trend(along=along, direction=direction):
            return f"{WORDS[direction]} with {along}"
        case Ratio(low=low, high=high, base=base, other=other):
            to = " at ".join(filter(None, (other, base)))
            return f"{range_text(low, high)} of {to}"
        case Follows(curve=label):
            figure = reference.figure(claim.figure)
            curve = figure.curve(label) if figure else None
            return interval_text([y for _, y in curve.points], curve.unit) if curve else label


def _unit(claim: Claim) -> str:
    info = installed_metrics().get(MetricName.parse(claim.metric).metric)
    return info.unit if info else ""
