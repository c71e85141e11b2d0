"""Sections of a reference file: published figures, their curves and their claims.

The descriptions under ``Args:`` are also those of the JSON schema; see
`dse.analysis.reference_schema`.
"""

from typing import Annotated, Literal

from pydantic import Field

from dse.analysis.claims import Claim, ReferenceSection, Text
from dse.study.models import ExpressionText


class Curve(ReferenceSection):
    """Published values of one metric over the x of a figure.

    Args:
        label: name of the line, with a short form of the source.
        metric: name of the metric.
        unit: of the values; empty for none.
        source: where the values were read.
        uncertainty: half width of each value's interval in its unit, such as that of reading a
            plot; 0 for numbers that were published as such.
        where: condition on the points of a study that the curve corresponds to, such as
            ``precision_bits == 8``.
        points: pairs of x and y.
    """

    label: Text
    metric: Text
    unit: str = ""
    source: Text
    uncertainty: Annotated[float, Field(ge=0)] = 0.0
    where: ExpressionText | None = None
    points: Annotated[tuple[tuple[float, float], ...], Field(min_length=1)]


class Figure(ReferenceSection):
    """One figure, or one panel of it.

    Args:
        key: short name, unique in its file.
        title: of the page that shows it.
        studies: names of the studies that reproduce it.
        x: parameter, or ``backend.metric``, on the horizontal axis.
        metrics: metrics on the vertical axis, one panel each, from all backends that have them.
        line: parameter that gets a line per value.
        panel: parameter that gets a panel per value.
        log: logarithmic axes.
        curves: published values.
    """

    key: Text
    title: Text
    studies: tuple[str, ...] = ()
    x: Text
    metrics: Annotated[tuple[str, ...], Field(min_length=1)]
    line: str = ""
    panel: str = ""
    log: tuple[Literal["log_x", "log_y"], ...] = ()
    curves: tuple[Curve, ...] = ()

    def curve(self, label: str) -> Curve | None:
        """Return the curve with a label; None where there is none."""
        return next((curve for curve in self.curves if curve.label == label), None)


class Reference(ReferenceSection):
    """Published results: one publication, with what it shows and what it says.

    Args:
        key: short name, unique among all files.
        title: for display.
        source: identifier such as ``arXiv:2012.01563``.
        figures: in the order of the publication.
        claims: statements that studies can test, in the order of the publication.
    """

    key: Text
    title: Text
    source: Text
    figures: tuple[Figure, ...] = ()
    claims: tuple[Claim, ...] = ()

    def figure(self, key: str) -> Figure | None:
        """Return the figure with a key; None where there is none."""
        return next((figure for figure in self.figures if figure.key == key), None)
