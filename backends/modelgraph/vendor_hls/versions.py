"""Reports of a version of a tool that takes the rules of another."""

from dataclasses import replace

from backends.modelgraph.vendor_hls.predicted import Answer, Answers, Predicted, Unknown
from backends.modelgraph.vendor_hls.tools import VendorTool

SLICES_APART = 1.06
"""Slices by the rules to those of routed jet taggers of 13 to 25 bits, Vivado 2019.1, at most."""

LUT_APART = 1.5
"""Look-up tables by the coefficients of another tool: 90 % of 63 layers are within 1.46."""


def of_another_version(answers: Answers, tool: VendorTool) -> Answers:
    """Return what is predicted by the rules of another version: wider, and extrapolated.

    Flip-flops differ most between versions: of them there is no number.
    """
    return {name: _of(name, answer, tool) for name, answer in answers.items()}


def _of(name: str, answer: Answer, tool: VendorTool) -> Answer:
    if isinstance(answer, Unknown):
        return answer
    if name == "ff":
        return Unknown(f"{tool.name}: no published flip-flops")
    low, high = _widened(name, answer)
    said = f"rules of {tool.rules_of} for {tool.name}"
    return replace(answer, low=low, high=high, extrapolated=(*answer.extrapolated, said))


def _widened(name: str, answer: Predicted) -> tuple[float, float]:
    """Return the ends of an interval of the other version, one cycle or block RAM wider."""
    apart = {"dsp": SLICES_APART, "lut": LUT_APART}.get(name)
    if apart:
        return answer.low / apart, answer.high * apart
    return max(answer.low - 1, 0), answer.high + 1
