"""Parts of long lists, for statements with a value per item."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

_BATCH = 500
"""SQLite limits the bound parameters of a statement, to 999 before version 3.32."""


def batches(items: Sequence[T], most: int = _BATCH) -> Iterator[Sequence[T]]:
    """Yield parts of `items`; by default of as many as fit into one statement."""
    return (items[start : start + most] for start in range(0, len(items), most))
