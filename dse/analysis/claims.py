"""Sections of a reference file that say what a publication claims, and how it is tested."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dse.contracts.metrics import Fidelity
from dse.study.models import ExpressionText

Text = Annotated[str, Field(min_length=1)]
Factor = Annotated[float, Field(ge=1)]
NotNegative = Annotated[float, Field(ge=0)]


class ReferenceSection(BaseModel):
    """Base class of all sections of a reference file: no unknown keys, read-only."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Equals(ReferenceSection):
    """The metric equals another one at every point.

    It does where zero is within the 95 % interval of the paired bootstrap difference; without
    replicas, where the two 95 % intervals overlap; without intervals, where both are equal.

    Args:
        kind: equals.
        other: the other metric, such as ``cpu.auc``.
        tolerance: largest difference that the publication itself cannot resolve; a difference
            up to it, in the unit of the metric, leaves the shape right.
    """

    kind: Literal["equals"]
    other: Text
    tolerance: NotNegative = 0.0


class EqualsParameter(ReferenceSection):
    """The metric equals a parameter at every point.

    Args:
        kind: equals_parameter.
        parameter: name of the parameter.
    """

    kind: Literal["equals_parameter"]
    parameter: Text


class Between(ReferenceSection):
    """The metric lies in a range at every point.

    Args:
        kind: between.
        low: lower end, in the unit of the metric.
        high: upper end.
    """

    kind: Literal["between"]
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _is_range(self) -> "Between":
        check_range(self.low, self.high)
        return self


class Value(ReferenceSection):
    """The metric has a published value at every point, within a factor.

    Args:
        kind: value.
        value: published number, in the unit of the metric.
        factor: largest factor between a measured and the published number.
    """

    kind: Literal["value"]
    value: Annotated[float, Field(gt=0)]
    factor: Factor = 1.1


class Trend(ReferenceSection):
    """The metric rises or falls with a parameter, all other parameters being equal.

    Args:
        kind: trend.
        along: name of the parameter.
        direction: rises and falls ask for a change from the first to the last value; not_rises
            and not_falls allow none.
        tolerance: relative change between neighbours that counts as none, such as the noise of a
            measured time.
    """

    kind: Literal["trend"]
    along: Text
    direction: Literal["rises", "falls", "not_rises", "not_falls"]
    tolerance: NotNegative = 0.0


class Ratio(ReferenceSection):
    """The ratio of two metrics, or of one metric at two sets of points, lies in a range.

    Args:
        kind: ratio.
        other: the metric to divide by; the metric itself where it is left out.
        base: condition on the points to divide by, which equal the others in all parameters
            that it does not name; without it, a point is divided by itself.
        low: lower end of the ratio.
        high: upper end of the ratio.
    """

    kind: Literal["ratio"]
    other: str = ""
    base: ExpressionText | None = None
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _has_two(self) -> "Ratio":
        check_range(self.low, self.high)
        if not self.other and self.base is None:
            raise ValueError("give 'other', 'base' or both: a number divided by itself is 1")
        return self


class Follows(ReferenceSection):
    """The metric follows a published curve.

    The curve is reproduced where all points are within `within` of it. Its shape is reproduced
    where that holds after one common factor (or shift) is taken out, with `shape`.

    Args:
        kind: follows.
        curve: label of a curve in the claim's figure.
        scale: compare by ratio, or by difference in the unit of the metric.
        within: largest factor, or difference, between measured and published values.
        shape: the same after the common factor or shift is taken out.
    """

    kind: Literal["follows"]
    curve: Text
    scale: Literal["ratio", "difference"] = "ratio"
    within: Annotated[float, Field(gt=0)] = 1.1
    shape: Annotated[float, Field(gt=0)] = 1.5

    @model_validator(mode="after")
    def _are_factors(self) -> "Follows":
        if self.scale == "ratio" and min(self.within, self.shape) < 1:
            raise ValueError("within and shape are factors, so at least 1; or scale: difference")
        return self


TESTS = (Equals, EqualsParameter, Between, Value, Trend, Ratio, Follows)
"""All kinds of tests."""

ClaimTest = Annotated[
    Equals | EqualsParameter | Between | Value | Trend | Ratio | Follows,
    Field(discriminator="kind"),
]


class Claim(ReferenceSection):
    """A statement of a publication that the points of a study can test.

    Args:
        key: short name, unique in its file.
        text: what the publication says, in one sentence.
        source: where it says so, such as ``Fig. 3`` or ``Sec. 4``.
        figure: key of the figure that shows it.
        studies: names of the studies that test it; without any, `dse compare --all` lists it.
        metric: metric that is tested, such as ``auc`` or ``open.latency_ns``; each backend that
            gives it is tested on its own.
        fidelity: fidelities that can test it; all without it.
        where: condition on the points that are tested, such as ``total_bits >= 12``.
        device: hardware that the publication used, where the claim is about it. On other
            hardware at most the shape can be reproduced.
        transfers: whether the test says something on other hardware too, as a shape may.
        data: data of the publication, where no study has them. On other data at most the shape
            can be reproduced.
        needs: backend or tool that gives the metric, where not every machine has it.
        test: what is tested; its `kind` decides the other keys.
    """

    key: Text
    text: Text
    source: Text
    figure: str = ""
    studies: tuple[str, ...] = ()
    metric: Text
    fidelity: tuple[Fidelity, ...] = ()
    where: ExpressionText | None = None
    device: str = ""
    transfers: bool = False
    data: str = ""
    needs: str = ""
    test: ClaimTest


def check_range(low: float | None, high: float | None) -> None:
    """Check the ends of a range.

    Raises:
        ValueError: there is no end, or the lower one is above the upper.
    """
    if low is None and high is None:
        raise ValueError("give 'low', 'high' or both")
    if low is not None and high is not None and low > high:
        raise ValueError(f"low {low:g} is above high {high:g}")
