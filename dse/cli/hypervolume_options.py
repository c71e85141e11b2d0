"""The hypervolume and its box, as commands ask for and say them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from dse.formatting import number

if TYPE_CHECKING:
    from dse.analysis.comparison import Comparison
    from dse.analysis.hypervolume import Box

Reference = Annotated[
    list[str] | None,
    typer.Option(help="Where the hypervolume ends, e.g. auc=0.5; else at the worst values."),
]


def volume_notes(compared: "Comparison", reference: Sequence[str]) -> list[str]:
    """One line with the hypervolume; none where there is no trade-off to measure.

    Raises:
        UsageError: the reference makes no sense.
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
    """The two corners of a box."""
    best, worst = (
        ", ".join(
            f"{name} {number(value, column.unit)}"
            for name, value, column in zip(compared.names, corner, compared.columns, strict=True)
        )
        for corner in (box.ideal, box.reference)
    )
    return f"the best ({best}) to the {'reference' if reference else 'worst'} ({worst})"
