"""Optuna distributions of parameters by their real values, as optuna-dashboard shows them."""

import json
from collections.abc import Sequence
from itertools import pairwise
from math import gcd, isclose
from typing import TYPE_CHECKING

from dse.contracts.parameters import Value

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


def real_distribution(values: Sequence[Value]) -> "BaseDistribution":
    """Return a numeric distribution if all values are numbers, otherwise a categorical one.

    Values at equal ratios give a logarithmic axis, whole numbers at multiples of a step an axis
    with that step.

    Args:
        values: distinct, at least one.
    """
    from optuna.distributions import (  # slow to import
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    numbers = sorted(v for v in values if isinstance(v, (int, float)) and not isinstance(v, bool))
    if len(numbers) < len(values):
        return CategoricalDistribution([shown(value) for value in values])
    whole = [number for number in numbers if isinstance(number, int)]
    low, high, log = numbers[0], numbers[-1], _geometric(numbers)
    if len(whole) < len(numbers):
        return FloatDistribution(float(low), float(high), log=log)
    # Optuna allows no step other than 1 on a logarithmic axis
    step = 1 if log else gcd(*(right - left for left, right in pairwise(whole))) or 1
    return IntDistribution(int(low), int(high), log=log, step=step)


def _geometric(numbers: Sequence[float]) -> bool:
    """Whether each number is the same multiple of the one before, as in 1, 2, 4."""
    if len(numbers) < 3 or numbers[0] <= 0:
        return False
    ratios = [right / left for left, right in pairwise(numbers)]
    return all(isclose(ratio, ratios[0], rel_tol=1e-9) for ratio in ratios)


def shown(value: Value) -> bool | int | float | str | None:
    """Return a value as Optuna stores choices: lists and mappings become JSON text."""
    return json.dumps(value) if isinstance(value, (list, dict)) else value
