"""Graphs in the cache: all networks that are trained or scored on them read the same file."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.runtime.cache import cached_directory

Arrays = Mapping[str, NDArray[Any]]

_FILE = "graphs.npz"


def kept(root: Path | None, key: str, build: Callable[[], Arrays]) -> Arrays:
    """Return arrays from the cache; built where they are not in it.

    Args:
        root: folder of all such arrays; None to keep nothing.
        key: digest of all that determines them.
        build: makes them.
    """
    if root is None:
        return build()

    def write(folder: Path) -> None:
        np.savez(folder / _FILE, allow_pickle=False, **build())

    with np.load(cached_directory(root, key, write) / _FILE, allow_pickle=False) as arrays:
        return dict(arrays)
