"""The `keras` workload: a Keras model file, a test set in an npz file and a figure of merit."""

import shutil
from pathlib import Path
from typing import ClassVar
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from dse.analysis.roc import bootstrap_auc, resamples, roc_curve
from dse.contracts.errors import DataError
from dse.contracts.metrics import Direction, Fidelity, Metric, MetricInfo
from dse.contracts.parameters import Assignment, Parameter, Value
from dse.contracts.workload import Prepared, ProgressText, Workload
from dse.runtime.cache import cached_directory, digest
from dse.runtime.checksums import file_digest
from dse.runtime.modules import copy_modules, source_of
from workloads import keras_tuning
from workloads.keras_files import check_format, check_layers, model_file
from workloads.quantisation.settings import is_tuned
from workloads.scores import Score, score_function, score_problem

_FILES = ("model", "test_set", "train_set")
_ONLY_FOR_TESTS = {"test_set", "direction", "max_samples"}
"""Parameters that do not change a training, so that they are not in the key of its cache."""


class KerasWorkload(Workload):
    """A user's Keras network, unchanged, or fine-tuned by quantisation-aware training or pruning.

    The npz file contains the inputs as `x` (or `x_0`, `x_1`, … in the order of the model) and the
    targets as `y`, first axis samples; class targets are one-hot or class numbers. Modules with
    scores and custom layers are also searched in the folder of the study file.
    """

    name: ClassVar[str] = "keras"
    version: ClassVar[int] = 1
    metrics: ClassVar[tuple[str, ...]] = ("auc", "accuracy", "mse")
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter(
            "model",
            str,
            "model.keras",
            "network of Keras (.keras, or a whole model in .h5), relative to the study file",
        ),
        Parameter(
            "output",
            str,
            None,
            "output that is scored and built, by the name of its layer; null for the only one",
            optional=True,
        ),
        Parameter(
            "test_set",
            str,
            "test.npz",
            "npz file to score on: inputs x (or x_0, x_1, …) and targets y",
        ),
        Parameter(
            "score",
            str,
            "accuracy",
            "figure of merit: auc, accuracy, mse, or module:function of (targets, outputs)",
            validator=score_problem,
        ),
        Parameter(
            "direction",
            str,
            "maximise",
            "whether larger or smaller is better, if score is a function of your own",
            choices=("maximise", "minimise"),
        ),
        Parameter(
            "custom_modules",
            list,
            [],
            "modules to import before the model is loaded, such as one with custom layers",
        ),
        Parameter(
            "max_samples",
            int,
            None,
            "score on this many samples from the start of the test set; null for all",
            minimum=1,
            optional=True,
        ),
        *keras_tuning.PARAMETERS,
    )

    @classmethod
    def metric_names(cls, settings: Assignment) -> tuple[str, ...]:
        """Return the metrics; a score ``module:function`` gives a metric named ``function``."""
        own = str(settings.get("score", "")).rpartition(":")[2]
        return (*cls.metrics, *((own,) if own and own not in cls.metrics else ()))

    @classmethod
    def definitions(cls, settings: Assignment) -> tuple[MetricInfo, ...]:
        """Return the definition of a user's score; its direction is the parameter `direction`."""
        module, _, own = str(settings.get("score", "")).rpartition(":")
        direction: Direction = "minimise" if settings.get("direction") == "minimise" else "maximise"
        return (MetricInfo(own, "", direction, f"{own} of {module}"),) if module else ()

    def fingerprint(self, parameters: Assignment) -> str:
        """Return a digest of the settings, of both files and of the sources of named modules.

        Raises:
            DataError: a file is missing or has another format, or `layer_bits` names no layer.
        """
        if parameters["training"] == "qat":
            check_layers(self._file(parameters, "model"), _mapping(parameters["layer_bits"]))
        return self._digest(keras_tuning.relevant(parameters))

    def _digest(self, settings: Assignment) -> str:
        named = [name for name in _FILES if name in settings]
        files = [file_digest(self._file(settings, name)) for name in named]
        files += map(file_digest, self._beside(self._file(settings, "model")))
        rest = {name: value for name, value in settings.items() if name not in _FILES}
        if rest.get("output") is None:  # so that naming no output changes no fingerprint
            rest.pop("output", None)
        modules = [_source_digest(name, self.base) for name in _modules(settings)]
        return digest(self.name, self.version, rest, files, modules)

    def _file(self, parameters: Assignment, name: str) -> Path:
        if parameters[name] is None:
            hint = f"workload.{name}: an npz file with inputs and targets like the test set"
            raise DataError(f"training and pruning need a {name}", hint=hint)
        path = self.base / str(parameters[name])
        if not path.is_file():
            hint = f"set workload.{name} to a file; relative paths start at {self.base}"
            raise DataError(f"the {name} file does not exist", where=str(path), hint=hint)
        self._check_format(path, name)
        return path

    def _check_format(self, path: Path, name: str) -> None:
        """Check that a file has the format of its setting; for subclasses with others."""
        check_format(path, name)

    def _beside(self, model: Path) -> list[Path]:  # noqa: ARG002  (for overriding)
        """Return further files that belong to the network's file; for subclasses that have some."""
        return []

    def _copy(self, model: Path, directory: Path) -> None:
        """Copy the network to one of `dse.contracts.workload.MODEL_FILES`."""
        shutil.copyfile(model, directory / model_file(model))

    def prepare(self, parameters: Assignment, directory: Path, progress: ProgressText) -> Prepared:
        """Copy or fine-tune the model, and check the test set."""
        progress("reading the test set")
        inputs, targets = _read_test_set(self._file(parameters, "test_set"))
        limit = parameters["max_samples"]
        rows = slice(int(str(limit)) if limit is not None else None)
        score_function(str(parameters["score"]), self.base)  # raises before a long training
        self._copy(self._network(parameters, directory, progress), directory)
        named = [str(module) for module in _custom_modules(parameters)]
        copy_modules(named, self.base, directory / "modules")
        return Prepared.write(
            directory,
            self.fingerprint(parameters),
            inputs=[array[rows] for array in inputs],
            scoring={"targets": targets[rows]},
            manifest={
                "custom_modules": _custom_modules(parameters),
                "score": parameters["score"],
                "direction": parameters["direction"],
                # a network that was trained on has the output alone, perhaps under another name
                "output": None if is_tuned(parameters) else parameters["output"],
            },
        )

    def expected_prepare_s(self, parameters: Assignment) -> float:
        """Return 1 s for a copy; 60 s for a training, whose length is not known in advance."""
        return 60.0 if is_tuned(parameters) else 1.0

    def _network(self, parameters: Assignment, directory: Path, progress: ProgressText) -> Path:
        """Return the model file: the given one, or the fine-tuned one from the cache."""
        given = self._file(parameters, "model")
        if not is_tuned(parameters):
            return given
        train_set = self._file(parameters, "train_set")
        root = (self.cache or directory) / "trained"
        matters = keras_tuning.relevant(parameters)
        key = self._digest({k: v for k, v in matters.items() if k not in _ONLY_FOR_TESTS})

        saved = f"{given.stem}.keras"

        def make(folder: Path) -> None:
            arrays = _read_test_set(train_set)
            checkpoint = root / f"{key}.training.npz"
            model = keras_tuning.tuned(
                given, arrays, parameters, progress, checkpoint=checkpoint, base=self.base
            )
            model.save(folder / saved)

        return cached_directory(root, key, make) / saved

    def roc(
        self, prepared: Prepared, outputs: NDArray[np.floating]
    ) -> tuple[list[float], list[float]] | None:
        """Return the ROC curve of a single output that is scored by AUC; else None."""
        targets = prepared.arrays["targets"]
        if prepared.manifest["score"] != "auc" or not outputs.size == targets.size == len(targets):
            return None
        return roc_curve(targets.ravel(), outputs.ravel())

    def score(
        self, prepared: Prepared, outputs: NDArray[np.floating], fidelity: Fidelity
    ) -> tuple[Metric, ...]:
        """Return the figure of merit with a 95 % bootstrap interval over samples."""
        name = str(prepared.manifest["score"])
        targets = prepared.arrays["targets"]
        if name == "auc" and outputs.size == targets.size == len(targets):
            found = bootstrap_auc(targets.ravel(), outputs.ravel(), np.arange(len(targets)))
            area = Metric.of(
                "auc",
                found.value,
                fidelity,
                low=found.low,
                high=found.high,
                replicas=found.replicas,
            )
            return (area,)
        function = score_function(name, self.base)
        value = function(targets, outputs)
        replicas = _replicas(function, targets, outputs)
        low, high = np.quantile(replicas, [0.025, 0.975])  # 95 % interval
        direction: Direction = "minimise" if _minimised(prepared, name) else "maximise"
        short = name.rpartition(":")[2]
        return (
            Metric(
                name=short,
                value=value,
                fidelity=fidelity,
                unit="",
                direction=direction,
                low=float(low),
                high=float(high),
                replicas=replicas,
            ),
        )


def _minimised(prepared: Prepared, name: str) -> bool:
    """Whether smaller values of the score `name` are better."""
    return name == "mse" or (":" in name and prepared.manifest["direction"] == "minimise")


def _replicas(
    function: Score, targets: NDArray[np.generic], outputs: NDArray[np.generic]
) -> NDArray[np.float64]:
    """Return the score on 50 bootstrap resamples of the samples.

    `resamples` draws the same rows for every network, so that differences between networks are
    compared pairwise.
    """
    draws = resamples(len(targets), 50).astype(np.int64)
    rows = (np.repeat(np.arange(len(targets)), counts) for counts in draws)
    return np.array([function(targets[row], outputs[row]) for row in rows])


def _custom_modules(parameters: Assignment) -> list[Value]:
    """Return the modules to import before the network can be loaded."""
    custom = parameters["custom_modules"]
    named = custom if isinstance(custom, list) else []
    return [*named, *(["qkeras"] if parameters.get("training") == "qat" else [])]


def _mapping(value: Value) -> Assignment:
    return value if isinstance(value, dict) else {}


def _modules(parameters: Assignment) -> list[str]:
    """Return the modules that define custom layers or the score."""
    custom = parameters["custom_modules"]
    named = [str(module) for module in custom] if isinstance(custom, list) else []
    score = str(parameters.get("score", ""))
    return [*named, score.partition(":")[0]] if ":" in score else named


def _source_digest(module: str, base: Path) -> str:
    """Return the digest of a module's file, so that an edit changes the fingerprint."""
    file = source_of(module, base)
    return file_digest(file) if file else module


def _read_test_set(path: Path) -> tuple[list[NDArray[np.generic]], NDArray[np.generic]]:
    """Read inputs, in the order of the model, and targets from an npz file.

    Raises:
        DataError: if the file is no npz file, has other arrays, or values that are not finite.
    """
    hint = "numpy.savez(file, x=inputs, y=targets) writes one"
    # A damaged npz file can raise any of these exceptions, depending on where it is damaged.
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (OSError, ValueError, TypeError, EOFError, AttributeError, BadZipFile) as error:
        raise DataError("not an npz file of plain arrays", where=str(path), hint=hint) from error
    numbered = [f"x_{i}" for i in range(len(arrays) - 1)]
    names = ["x"] if "x" in arrays else numbered
    if set(arrays) != {*names, "y"} or not names:
        hint = "expected are inputs x (or x_0, x_1, …) and targets y, nothing else"
        raise DataError(
            f"contains the arrays {', '.join(sorted(arrays))}", where=str(path), hint=hint
        )
    for name in (*names, "y"):
        _check_array(arrays, name, path)
    return [arrays[name] for name in names], arrays["y"]


def _check_array(arrays: dict[str, NDArray[np.generic]], name: str, path: Path) -> None:
    where = f"{path} ({name})"
    array, samples = arrays[name], arrays["y"].shape[0] if arrays["y"].ndim else 0
    if array.ndim == 0 or len(array) != samples or not samples:
        raise DataError(f"has shape {array.shape}, y has {samples} samples", where=where)
    if array.dtype.kind not in "biuf" or not np.isfinite(array).all():
        raise DataError("contains values that are not finite real numbers", where=where)
