"""The workload contract: a trained network, its data and its figure of merit."""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dse.contracts.errors import DataError
from dse.contracts.metrics import Fidelity, Metric, MetricInfo
from dse.contracts.parameters import Assignment, Parameter, Value

Arrays = dict[str, NDArray[np.generic]]

MODEL_FILES = ("model.keras", "model.h5", "model.onnx")
"""Names of the file that holds a trained network, by its format: Keras 3, HDF5 of Keras, ONNX."""

ProgressText = Callable[[str], None]
"""Callback that receives one line about the current step, such as ``training: epoch 3 of 60``.

Where it counts, as ``3 of 60``, the time left of a run follows from it. Of several such counts the
last one is taken. A training that stops early gives the most steps that it may take: its time left
is then an upper limit."""


@dataclass(frozen=True)
class Prepared:
    """A trained network and its evaluation set, as a folder that any process can read.

    The folder holds the network, ``evaluation.npz`` and ``manifest.json``. Reading the
    evaluation set and the manifest needs neither Keras nor TensorFlow.

    Args:
        directory: the folder.
        fingerprint: SHA-256 that identifies settings, data and weights.
    """

    directory: Path
    fingerprint: str

    @property
    def model_path(self) -> Path:
        """Path of the trained network: ``model.keras``, or one of `MODEL_FILES` that is there."""
        found = (self.directory / name for name in MODEL_FILES)
        return next((path for path in found if path.exists()), self.directory / MODEL_FILES[0])

    @cached_property
    def manifest(self) -> dict[str, Value]:
        """Notes of the workload about network and data, as JSON."""
        loaded: dict[str, Value] = json.loads((self.directory / "manifest.json").read_text())
        return loaded

    @property
    def modules(self) -> Path:
        """Folder of the source files that the workload has copied for `custom_modules`."""
        return self.directory / "modules"

    @property
    def custom_modules(self) -> list[str]:
        """Names of the modules to import before the model can be loaded."""
        modules = self.manifest.get("custom_modules", [])
        return [str(module) for module in modules] if isinstance(modules, list) else []

    @cached_property
    def arrays(self) -> Arrays:
        """Arrays of the evaluation set: `input_<i>` in the model's order, and those for scoring."""
        with np.load(self.directory / "evaluation.npz", allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}

    @cached_property
    def inputs(self) -> list[NDArray[np.generic]]:
        """Model inputs in order, each of shape (samples, …)."""
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
        """Write the evaluation set and the manifest beside a network that exists already.

        Inputs are rounded to single precision once, here, so that every backend gets the same
        numbers.

        Args:
            directory: folder to write into.
            fingerprint: result of `Workload.fingerprint`.
            inputs: model inputs in order, each of shape (samples, …).
            scoring: further arrays that `Workload.score` needs, such as labels, by name.
            manifest: notes about network and data, as JSON.

        Raises:
            DataError: inputs that single precision cannot hold.
        """
        rounded = {f"input_{i}": _single(array, i) for i, array in enumerate(inputs)}
        arrays = rounded | dict(scoring)
        np.savez_compressed(directory / "evaluation.npz", allow_pickle=False, **arrays)
        (directory / "manifest.json").write_text(json.dumps(dict(manifest), indent=1))
        return cls(directory, fingerprint)


_EXACT = 2**24
"""Largest integer up to which single precision holds every one."""


def _single(array: NDArray[np.generic], number: int) -> NDArray[np.generic]:
    """Return a model input whose values single precision holds, rounded where it is needed.

    Integers that it holds keep their type, because layers such as Embedding take integers.

    Raises:
        DataError: values are beyond its range, or are no numbers.
    """
    where = f"model input {number}"
    if array.dtype.kind not in "biuf":
        raise DataError(f"contains values of type {array.dtype}, not real numbers", where=where)
    if array.dtype.kind != "f" and (array.dtype.kind == "b" or not (np.abs(array) > _EXACT).any()):
        return array
    with np.errstate(over="ignore"):
        rounded = array.astype(np.float32)
    if np.isinf(rounded).any() and not np.isinf(array.astype(np.longdouble)).any():
        hint = "networks compute in single precision: scale the inputs"
        raise DataError("contains values above 3.4e38", where=where, hint=hint)
    return rounded


class Workload(ABC):
    """A trained network, its data and its figure of merit.

    An instance holds no state besides two folders. `dse.testing.WorkloadSuite` tests an
    implementation.

    Args:
        base: folder of the study file; relative paths in parameters refer to it. On the nodes of a
            cluster, which have not got it, `Prepared.modules` of the network: what `score` imports
            or reads has to be copied there by `prepare`.
    """

    cache: Path | None = None
    """Folder for intermediate results that other preparations can reuse, keyed by content, such as
    weights that are scored on several evaluation sets. The engine sets it; None for no cache."""

    name: ClassVar[str]
    version: ClassVar[int]
    """Version of the code. It must be part of `fingerprint`: raise it whenever the same parameters
    would give another network or score."""

    parameters: ClassVar[tuple[Parameter, ...]]
    """Every parameter the workload reads."""

    metrics: ClassVar[tuple[str, ...]] = ()
    """Names of the figures of merit that `score` returns."""

    metric_definitions: ClassVar[tuple[MetricInfo, ...]] = ()
    """Definitions of those that `dse.contracts.metrics.CATALOGUE` lacks; see `Backend`."""

    @classmethod
    def metric_names(cls, settings: Assignment) -> tuple[str, ...]:  # noqa: ARG003  (for overriding)
        """Return the names of the figures of merit under these settings; by default `metrics`."""
        return cls.metrics

    @classmethod
    def definitions(cls, settings: Assignment) -> tuple[MetricInfo, ...]:  # noqa: ARG003
        """Return the definitions under these settings; by default `metric_definitions`."""
        return cls.metric_definitions

    def __init__(self, base: Path) -> None:
        self.base = base

    @abstractmethod
    def fingerprint(self, parameters: Assignment) -> str:
        """Return a SHA-256 of all that determines network and score: settings, data, `version`.

        Must be cheap (no training) and equal in every process.

        Raises:
            dse.contracts.errors.DataError: an input file is missing or unreadable.
        """

    def own_modules(self, parameters: Assignment) -> Sequence[tuple[str, str]]:  # noqa: ARG002
        """Return the Python modules that these parameters name, to be refused before a run.

        Returns:
            Name of the parameter and full name of the module; by default none.
        """
        return ()

    def expected_prepare_s(self, parameters: Assignment) -> float:  # noqa: ARG002  (for overriding)
        """Return a rough estimate of the time that `prepare` takes, in seconds, for plans."""
        return 1.0

    @abstractmethod
    def prepare(self, parameters: Assignment, directory: Path, progress: ProgressText) -> Prepared:
        """Train or load the network and write it with its evaluation set into `directory`.

        Runs in a separate process, once per fingerprint; may import TensorFlow.

        Raises:
            dse.contracts.errors.DataError: an input file is wrong.
            dse.contracts.errors.EvaluationError: training diverged.
        """

    def roc(
        self,
        prepared: Prepared,  # noqa: ARG002  (for overriding)
        outputs: NDArray[np.floating],  # noqa: ARG002
    ) -> tuple[list[float], list[float]] | None:
        """Return the false and true positive rates of model outputs, thinned for storing.

        Args:
            prepared: result of `prepare`.
            outputs: shape (samples, …) as the network gives them.

        Returns:
            Two lists of equal length; None where the figure of merit has no ROC curve.
        """
        return None

    @abstractmethod
    def score(
        self, prepared: Prepared, outputs: NDArray[np.floating], fidelity: Fidelity
    ) -> tuple[Metric, ...]:
        """Return the figures of merit of model outputs.

        Args:
            prepared: result of `prepare`.
            outputs: shape (samples, …) as the network gives them.
            fidelity: how the outputs were computed; the metrics get the same fidelity.
        """
