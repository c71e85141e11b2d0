"""Store hls4ml's layer list as JSON and arrays, and read back what was stored.

JSON knows neither tuples nor arrays: both are written as objects with one key that says what
they were, at any depth. Values of other types are refused rather than changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.contracts.errors import EvaluationError, FailureKind

_TUPLE, _ARRAY, _DICT = "tuple", "array", "dict"


@dataclass
class StoredLayers:
    """Encoder of layer lists.

    Args:
        arrays: the arrays found so far, by number.
    """

    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)

    def encode(self, value: Any, where: str) -> Any:
        """Return a value in JSON's types.

        Args:
            value: of None, bool, int, float, str, list, tuple, dict or array, nested or not.
            where: what the value belongs to, for the error.

        Raises:
            EvaluationError: the value has another type.
        """
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, np.ndarray):
            key = str(len(self.arrays))
            self.arrays[key] = value
            return {_ARRAY: key}
        if isinstance(value, tuple):
            return {_TUPLE: [self.encode(item, where) for item in value]}
        if isinstance(value, list):
            return [self.encode(item, where) for item in value]
        if isinstance(value, dict):
            # as pairs, because a key of a JSON object is a text
            return {_DICT: [[key, self.encode(v, f"{where}, {key}")] for key, v in value.items()]}
        raise EvaluationError(
            FailureKind.INVALID_POINT,
            f"{where}: hls4ml describes it by a {type(value).__name__}, which dse cannot store",
            hint="use a layer of the tables in docs/networks.md",
        )


def decode(value: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    """Return the value that `StoredLayers.encode` turned into JSON."""
    if isinstance(value, list):
        return [decode(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == _ARRAY:
        return arrays[content]
    if kind == _TUPLE:
        return tuple(decode(item, arrays) for item in content)
    return {key: decode(item, arrays) for key, item in content}
