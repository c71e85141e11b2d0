"""The box of a comparison: reference points as people type them, and how they read."""

from collections.abc import Iterator, Sequence
from math import isfinite, nan

from dse.analysis.columns import Column
from dse.analysis.comparison import Comparison
from dse.analysis.hypervolume import Box, box_of
from dse.contracts.errors import UsageError, nearest
from dse.contracts.metric_names import MetricName

_HINT = "such as --reference auc=0.5,lut=100000"


def reference_box(compared: Comparison, texts: Sequence[str]) -> Box:
    """From the best value of each metric to its worst, or to the reference that is given.

    Args:
        compared: the points that span the box; not empty.
        texts: ``metric=value`` pairs separated by commas; the metrics as they were asked for.

    Raises:
        UsageError: a pair cannot be read, names no compared metric, names one twice, or gives
            a value that no point reaches.
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
        hint = "the reference is the worst that counts"
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
    try:
        return float(text)
    except ValueError:
        return nan


def _index(name: str, compared: Comparison, given: str) -> int:
    found = [index for index, column in enumerate(compared.columns) if _means(name, column)]
    if len(found) == 1:
        return found[0]
    problem = "is in two columns" if found else "is not compared"
    hint = nearest(name, compared.names)
    raise UsageError(f"'{name}' {problem}", where=f"--reference {given}", hint=hint)


def _means(name: str, column: Column) -> bool:
    return MetricName.parse(name).matches(column.metric, column.backend, column.fidelity)
