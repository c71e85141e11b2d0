"""Graphs in the cache: all networks that are trained or scored on them read the same files."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from dse.contracts.parameters import Assignment
from dse.contracts.workload import ProgressText
from dse.runtime.cache import cached_directory, digest
from workloads.tracking.data import (
    TEST_PARAMETERS,
    TRAINING_PARAMETERS,
    Arrays,
    TestSet,
    test_set,
    training_graphs,
)
from workloads.tracking.padding import PaddedGraphs

_FILE = "graphs.npz"


class KeptGraphs:
    """Training and test sets of one workload.

    Args:
        root: folder of the files; None to keep nothing.
        base: folder that paths of data are relative to.
        version: of the code that builds graphs.
        digests: returns the digests of the files of a data source.
    """

    def __init__(
        self, root: Path | None, base: Path, version: int, digests: Callable[[object], list[str]]
    ) -> None:
        self._root, self._base, self._version, self._digests = root, base, version, digests

    def training(self, parameters: Assignment, progress: ProgressText) -> PaddedGraphs:
        """Return what `workloads.tracking.data.training_graphs` does."""

        def build() -> Arrays:
            return vars(training_graphs(parameters, self._base, progress))

        told = {name: parameters.get(name) for name in TRAINING_PARAMETERS}
        return PaddedGraphs(**self._kept("training", told, build))

    def test(self, parameters: Assignment, progress: ProgressText) -> TestSet:
        """Return what `workloads.tracking.data.test_set` does."""

        def build() -> Arrays:
            return test_set(parameters, self._base, progress).arrays()

        told = {name: parameters.get(name) for name in TEST_PARAMETERS}
        return TestSet.of(self._kept("test", told, build))

    def _kept(self, kind: str, told: Assignment, build: Callable[[], Arrays]) -> Arrays:
        """Return arrays from the cache; built where they are not in it."""
        if self._root is None:
            return build()

        def write(folder: Path) -> None:
            np.savez(folder / _FILE, allow_pickle=False, **build())

        folder = cached_directory(self._root, self._key(kind, told), write)
        with np.load(folder / _FILE, allow_pickle=False) as arrays:
            return dict(arrays)

    def _key(self, kind: str, told: Assignment) -> str:
        sources = {told["data"], told.get("score_data") or told["data"]}
        files = [self._digests(source) for source in sorted(sources, key=str)]
        return digest("graphs", self._version, kind, told, files)
