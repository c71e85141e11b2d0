"""Corrections of predicted reports that `dse calibrate` learnt from a user's own results."""

import math
from collections.abc import Mapping
from typing import Any

from backends.modelgraph.part_names import bare
from backends.modelgraph.vendor_hls.predicted import QUANTITIES, Answer, Answers, Predicted
from backends.modelgraph.vendor_hls.tools import RULE_SET

FIELDS = {
    "tool": str,
    "part": str,
    "metric": str,
    "rule_set": int,
    "factor": float,
    "spread": float,
}
"""What every fit of the file has, with its type."""


def calibration_problem(content: Any) -> str:
    """Return what is wrong with the content of a file of `dse calibrate`; empty for nothing."""
    if content == {}:
        return ""
    fits = content.get("fits")
    if set(content) != {"fits"} or not isinstance(fits, list):
        return "it should hold a list 'fits' and nothing else"
    return next(filter(None, (_fit_problem(n, fit) for n, fit in enumerate(fits, 1))), "")


def _fit_problem(number: int, fit: Any) -> str:
    for name, kind in FIELDS.items():
        value = fit.get(name) if isinstance(fit, dict) else None
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind):
            return f"fit {number} has no {name}, or one of another type"
    if not (math.isfinite(fit["factor"]) and fit["factor"] > 0 and fit["spread"] >= 0):
        return f"fit {number} should have a factor above 0 and a spread of at least 0"
    return ""


def calibrated(answers: Answers, content: Mapping[str, Any], tool: str, part: str) -> Answers:
    """Return predictions with the user's corrections for this tool, part and set of rules."""
    fits = {
        fit["metric"]: fit
        for fit in content.get("fits", ())
        if (fit["tool"], bare(fit["part"]), fit["rule_set"]) == (tool, bare(part), RULE_SET)
    }
    return {
        name: _corrected(answer, fits[name]) if name in fits and name in QUANTITIES else answer
        for name, answer in answers.items()
    }


def _corrected(answer: Answer, fit: Mapping[str, Any]) -> Answer:
    """Return a number with a factor; its interval is that of the user's own networks left out."""
    if not isinstance(answer, Predicted):
        return answer
    value = answer.value * float(fit["factor"])
    return Predicted.within(value, float(fit["spread"]), answer.extrapolated)
