"""The workload contract: what is deployed, and how good its outputs are."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dse.contracts.metrics import Fidelity, Metric, MetricInfo
from dse.contracts.parameters import Assignment, Parameter, Value

Arrays = dict[str, NDArray[np.generic]]

ProgressText = Callable[[str], None]
"""Receives one line saying what is going on."""


@dataclass(frozen=True)
class Prepared:
    """A trained network and its evaluation set, as a folder that any process can read.

    The folder holds ``model.keras``, ``evaluation.npz`` and ``manifest.json``. Reading it
    needs neither Keras nor TensorFlow.

    Args:
        directory: the folder.
        fingerprint: identifies settings, data and weights.
    """

    directory: Path
    fingerprint: str

    @property
    def model_path(self) -> Path:
        """The trained network, a Keras 3 file."""
        return self.directory / "model.keras"

    @cached_property
    def manifest(self) -> dict[str, Value]:
        """What the workload noted about network and data."""
        loaded: dict[str, Value] = json.loads((self.directory / "manifest.json").read_text())
        return loaded

    @property
    def modules(self) -> Path:
        """Folder of modules that the workload has copied, to be found by `custom_modules`."""
        return self.directory / "modules"

    @property
    def custom_modules(self) -> list[str]:
        """Modules to import before the model can be loaded."""
        modules = self.manifest.get("custom_modules", [])
        return [str(module) for module in modules] if isinstance(modules, list) else []

    @cached_property
    def arrays(self) -> Arrays:
        """The evaluation set: `input_<i>` (in the model's order), and what `score` needs."""
        with np.load(self.directory / "evaluation.npz", allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}

    @cached_property
    def inputs(self) -> list[NDArray[np.generic]]:
        """Model inputs in order; the first axis runs over samples."""
        count = sum(name.startswith("input_") for name in self.arrays)
        return [self.arrays[f"input_{i}"] for i in range(count)]

    @classmethod
    def write(
        cls,
        directory: Path,
        fingerprint: str,
        *,
        inputs: Sequence[NDArray[np.generic]],
        scoring: Mapping[str, NDArray[np.generic]],
        manifest: Mapping[str, Value],
    ) -> "Prepared":
        """Store an evaluation set and manifest beside an already saved ``model.keras``.

        Inputs of double precision are rounded to single here, once, so that every backend
        gets the same numbers.
        """
        arrays = {f"input_{i}": _single(array) for i, array in enumerate(inputs)} | dict(scoring)
        np.savez_compressed(directory / "evaluation.npz", allow_pickle=False, **arrays)
        (directory / "manifest.json").write_text(json.dumps(dict(manifest), indent=1))
        return cls(directory, fingerprint)


def _single(array: NDArray[np.generic]) -> NDArray[np.generic]:
    return array.astype(np.float32) if array.dtype == np.float64 else array


class Workload(ABC):
    """A trained network, its data and its figure of merit.

    An instance holds no state besides two folders. Implementations are held to
    `dse.testing.WorkloadSuite`.

    Args:
        base: where the study file lies; relative paths in parameters refer to it.
    """

    cache: Path | None = None
    """For things other preparations can use again, keyed by content, such as weights that are
    scored on several evaluation sets; the engine sets it, None where nothing is kept."""

    name: ClassVar[str]
    version: ClassVar[int]
    """Raised whenever the same parameters would give another network or score."""

    parameters: ClassVar[tuple[Parameter, ...]]

    metrics: ClassVar[tuple[str, ...]] = ()
    """Names of the figures of merit `score` gives."""

    metric_definitions: ClassVar[tuple[MetricInfo, ...]] = ()
    """Definitions of those that `dse.contracts.metrics.CATALOGUE` lacks; see `Backend`."""

    @classmethod
    def metric_names(cls, settings: Assignment) -> tuple[str, ...]:  # noqa: ARG003  (for overriding)
        """Names of the figures of merit under these settings, where they depend on them."""
        return cls.metrics

    @classmethod
    def definitions(cls, settings: Assignment) -> tuple[MetricInfo, ...]:  # noqa: ARG003
        """`metric_definitions` under these settings, where they depend on them."""
        return cls.metric_definitions

    def __init__(self, base: Path) -> None:
        self.base = base

    @abstractmethod
    def fingerprint(self, parameters: Assignment) -> str:
        """SHA-256 over all that determines network and score: settings, data, code version.

        Cheap (no training) and equal in every process.

        Raises:
            dse.contracts.errors.DataError: an input file is missing or unreadable.
        """

    def expected_prepare_s(self, parameters: Assignment) -> float:  # noqa: ARG002  (for overriding)
        """Seconds `prepare` takes, roughly; for plans."""
        return 1.0

    @abstractmethod
    def prepare(self, parameters: Assignment, directory: Path, progress: ProgressText) -> Prepared:
        """Train or load the network and write it with its evaluation set into `directory`.

        Runs in a process of its own, once per fingerprint; may import TensorFlow.

        Raises:
            dse.contracts.errors.DataError: an input file is wrong.
            dse.contracts.errors.EvaluationError: training diverged.
        """

    def roc(
        self,
        prepared: Prepared,  # noqa: ARG002  (for overriding)
        outputs: NDArray[np.floating],  # noqa: ARG002
    ) -> tuple[list[float], list[float]] | None:
        """False and true positive rates of model outputs, few enough to store and draw.

        None where the figure of merit has no such curve.
        """
        return None

    @abstractmethod
    def score(
        self, prepared: Prepared, outputs: NDArray[np.floating], fidelity: Fidelity
    ) -> tuple[Metric, ...]:
        """Figures of merit of model outputs.

        Args:
            prepared: what `prepare` wrote.
            outputs: shape (samples, …) as the network gives them.
            fidelity: how the outputs were computed.
        """
