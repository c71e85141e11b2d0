"""Anyone's network: a Keras model file, a test set in an npz file, and a figure of merit."""

import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dse.analysis.roc import auc, bootstrap_auc, resamples
from dse.cache import digest, file_digest
from dse.errors import DataError, nearest
from dse.metrics import Direction, Fidelity, Metric
from dse.parameters import Assignment, Parameter
from dse.workload import Prepared, ProgressText, Workload

Score = Callable[[NDArray[np.generic], NDArray[np.generic]], float]
"""Takes targets and outputs, first axis samples; gives one number."""


def accuracy(targets: NDArray[np.generic], outputs: NDArray[np.generic]) -> float:
    """Share of samples whose largest output (or rounded single output) is the target."""
    return float(np.mean(_classes(targets) == _classes(outputs)))


def mse(targets: NDArray[np.generic], outputs: NDArray[np.generic]) -> float:
    """Mean squared error over all outputs."""
    difference = np.asarray(outputs, np.float64).ravel() - np.asarray(targets, np.float64).ravel()
    return float(np.mean(difference**2))


def macro_auc(targets: NDArray[np.generic], outputs: NDArray[np.generic]) -> float:
    """AUC; with several classes (one-hot targets) the mean of one-against-rest."""
    columns = zip(_columns(targets).T, _columns(outputs).T, strict=True)
    return float(np.mean([auc(target, output) for target, output in columns]))


SCORES: dict[str, Score] = {"accuracy": accuracy, "auc": macro_auc, "mse": mse}


def _columns(array: NDArray[np.generic]) -> NDArray[np.float64]:
    return np.asarray(array, dtype=np.float64).reshape(len(array), -1)


def _classes(array: NDArray[np.generic]) -> NDArray[np.int64]:
    columns = _columns(array)
    if columns.shape[1] == 1:
        return np.asarray(np.rint(columns[:, 0]), dtype=np.int64)
    return np.asarray(columns.argmax(axis=1), dtype=np.int64)


class KerasWorkload(Workload):
    """A trained network as it is; nothing is trained here.

    The npz file holds inputs as `x` (or `x_0`, `x_1`, … in the model's order) and targets as
    `y`, first axis samples; targets of classes are one-hot.
    """

    name: ClassVar[str] = "keras"
    version: ClassVar[int] = 1
    metrics: ClassVar[tuple[str, ...]] = ("auc", "accuracy", "mse")
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("model", str, "model.keras", "Keras model file, relative to the study"),
        Parameter("test_set", str, "test.npz", "test set, relative to the study"),
        Parameter(
            "score", str, "accuracy", "auc, accuracy, mse, or module:function(targets, outputs)"
        ),
        Parameter(
            "direction",
            str,
            "maximise",
            "which way is better, for module:function",
            choices=("maximise", "minimise"),
        ),
        Parameter("custom_modules", list, [], "modules to import before loading the model"),
        Parameter("max_samples", int, None, "score only the first", minimum=1, optional=True),
    )

    def fingerprint(self, parameters: Assignment) -> str:
        """Settings and the content of both files."""
        files = [file_digest(self._file(parameters, name)) for name in ("model", "test_set")]
        settings = {k: v for k, v in parameters.items() if k not in {"model", "test_set"}}
        return digest(self.name, self.version, settings, files)

    def _file(self, parameters: Assignment, name: str) -> Path:
        path = self.base / str(parameters[name])
        if not path.is_file():
            hint = f"set workload.{name} to a file; relative paths start at {self.base}"
            raise DataError(f"the {name} file is not there", where=str(path), hint=hint)
        return path

    def prepare(self, parameters: Assignment, directory: Path, progress: ProgressText) -> Prepared:
        """Copy the model and check the test set."""
        progress("reading the test set")
        inputs, targets = _read_test_set(self._file(parameters, "test_set"))
        limit = parameters["max_samples"]
        rows = slice(int(str(limit)) if limit is not None else None)
        _score_function(str(parameters["score"]))
        shutil.copyfile(self._file(parameters, "model"), directory / "model.keras")
        return Prepared.write(
            directory,
            self.fingerprint(parameters),
            inputs=[array[rows] for array in inputs],
            scoring={"targets": targets[rows]},
            manifest={
                "custom_modules": parameters["custom_modules"],
                "score": parameters["score"],
                "direction": parameters["direction"],
            },
        )

    def score(
        self, prepared: Prepared, outputs: NDArray[np.floating], fidelity: Fidelity
    ) -> tuple[Metric, ...]:
        """The chosen figure of merit, with a bootstrap interval over samples."""
        name = str(prepared.manifest["score"])
        targets = prepared.arrays["targets"]
        if name == "auc" and _columns(targets).shape[1] == 1:
            found = bootstrap_auc(targets.ravel(), outputs.ravel(), np.arange(len(targets)))
            return (Metric.of("auc", found.value, fidelity, low=found.low, high=found.high),)
        function = _score_function(name)
        value = function(targets, outputs)
        replicas = _replicas(function, targets, outputs)
        low, high = np.quantile(replicas, [0.025, 0.975])
        direction: Direction = "minimise" if _minimised(prepared, name) else "maximise"
        short = name.rpartition(":")[2]
        return (Metric(short, value, fidelity, "", direction, float(low), float(high), replicas),)


def _minimised(prepared: Prepared, name: str) -> bool:
    return name == "mse" or (":" in name and prepared.manifest["direction"] == "minimise")


def _replicas(
    function: Score, targets: NDArray[np.generic], outputs: NDArray[np.generic]
) -> NDArray[np.float64]:
    """The score on 50 resamples of the samples; the same draws for every network."""
    draws = resamples(len(targets), 50).astype(np.int64)
    rows = (np.repeat(np.arange(len(targets)), counts) for counts in draws)
    return np.array([function(targets[row], outputs[row]) for row in rows])


def _score_function(name: str) -> Score:
    if name in SCORES:
        return SCORES[name]
    module, _, function = name.partition(":")
    if not function:
        raise DataError(f"there is no score '{name}'", hint=nearest(name, SCORES))
    try:
        found: Score = getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise DataError(f"the score '{name}' cannot be imported: {error}") from error
    return found


def _read_test_set(path: Path) -> tuple[list[NDArray[np.generic]], NDArray[np.generic]]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (OSError, ValueError) as error:
        raise DataError(f"not an npz file of plain arrays: {error}", where=str(path)) from error
    names = ["x"] if "x" in arrays else sorted(n for n in arrays if n.startswith("x_"))
    if not names or "y" not in arrays:
        hint = "inputs as x (or x_0, x_1, …) and targets as y"
        raise DataError(f"holds {sorted(arrays)}", where=str(path), hint=hint)
    for name in (*names, "y"):
        _check_array(arrays, name, path)
    return [arrays[name] for name in names], arrays["y"]


def _check_array(arrays: dict[str, NDArray[np.generic]], name: str, path: Path) -> None:
    array, samples = arrays[name], len(arrays["y"])
    where = f"{path} ({name})"
    if array.ndim == 0 or len(array) != samples or not samples:
        raise DataError(f"has shape {array.shape}, y has {samples} samples", where=where)
    if not np.issubdtype(array.dtype, np.number) or not np.isfinite(array).all():
        raise DataError("holds something other than finite numbers", where=where)
