"""Parse `--reference` and build the hypervolume box of a comparison from it."""

from collections.abc import Iterator, Sequence
from math import isfinite, nan

from dse.analysis.columns import Column
from dse.analysis.comparison import Comparison
from dse.analysis.hypervolume import Box, box_of
from dse.contracts.errors import UsageError, nearest
from dse.contracts.metric_names import MetricName

_HINT = "such as --reference auc=0.5,lut=100000"


def reference_box(compared: Comparison, texts: Sequence[str]) -> Box:
    """Return the box from the best value of each metric to its worst, or to a given reference.

    Args:
        compared: the points that span the box; at least one.
        texts: ``metric=value`` pairs separated by commas, each metric as in `--metric`.

    Raises:
        UsageError: a pair is malformed, names no compared metric, names one twice, or gives a
            value that no point is better than.
    """
    given = ",".join(texts)
    reference: dict[int, float] = {}
    for name, value in _pairs(given):
        index = _index(name, compared, given)
        if index in reference:
            raise UsageError(f"'{name}' is given twice", where=f"--reference {given}", hint=_HINT)
        reference[index] = value
    try:
        return box_of(compared.values, compared.directions, reference)
    except ValueError as error:
        hint = "points must be better than the reference: give a worse value"
        raise UsageError(str(error), where=f"--reference {given}", hint=hint) from error


def _pairs(given: str) -> Iterator[tuple[str, float]]:
    for pair in filter(None, map(str.strip, given.split(","))):
        name, _, text = pair.partition("=")
        value = _number(text)
        if not isfinite(value):
            message = f"'{pair}' should be a metric and a number"
            raise UsageError(message, where=f"--reference {given}", hint=_HINT)
        yield name.strip(), value


def _number(text: str) -> float:
    """Return the number in a text; NaN where it holds none."""
    try:
        return float(text)
    except ValueError:
        return nan


def _index(name: str, compared: Comparison, given: str) -> int:
    """Return the index of the one compared column that a name stands for."""
    found = [index for index, column in enumerate(compared.columns) if _means(name, column)]
    if len(found) == 1:
        return found[0]
    problem = "stands for several columns" if found else "is not compared"
    hint = nearest(name, compared.names)
    raise UsageError(f"'{name}' {problem}", where=f"--reference {given}", hint=hint)


def _means(name: str, column: Column) -> bool:
    return MetricName.parse(name).matches(column.metric, column.backend, column.fidelity)
