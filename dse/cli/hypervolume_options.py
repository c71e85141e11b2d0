"""The option for the hypervolume's reference point, and its text in the output of commands."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from dse.formatting import number

if TYPE_CHECKING:
    from dse.analysis.comparison import Comparison
    from dse.analysis.hypervolume import Box

Reference = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help="Reference point of the hypervolume, e.g. auc=0.5; default: the worst values.",
    ),
]


def volume_notes(compared: "Comparison", reference: Sequence[str]) -> list[str]:
    """Return a line with the hypervolume; none for one metric without a reference.

    Raises:
        UsageError: the reference does not fit the metrics.
    """
    from dse.analysis.hypervolume import MOST_METRICS, hypervolume
    from dse.analysis.hypervolume_box import reference_box

    if not compared.numbers or (len(compared.columns) == 1 and not reference):
        return []
    if len(compared.columns) > MOST_METRICS:
        return [f"no hypervolume: more than {MOST_METRICS} metrics take too long"]
    box = reference_box(compared, reference)
    share = hypervolume(compared.values, box)
    return [f"hypervolume: {share:.3f} of the box from {box_text(compared, box, reference)}"]


def box_text(compared: "Comparison", box: "Box", reference: Sequence[str]) -> str:
    """Return the two corners of the box as text: ideal point and reference point."""
    best, worst = (
        ", ".join(
            f"{name} {number(value, column.unit)}"
            for name, value, column in zip(compared.names, corner, compared.columns, strict=True)
        )
        for corner in (box.ideal, box.reference)
    )
    return f"the best ({best}) to the {'reference' if reference else 'worst'} ({worst})"
