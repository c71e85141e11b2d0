"""The `keras` workload: a Keras model file, a test set and a figure of merit."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from dse.analysis.roc import roc_curve
from dse.contracts.errors import DataError, SettingError
from dse.contracts.metrics import Direction, Fidelity, Metric, MetricInfo
from dse.contracts.parameters import Assignment, Parameter, Value
from dse.contracts.workload import Prepared, ProgressText, Workload
from dse.runtime.cache import cached_directory, digest
from dse.runtime.checksums import file_digest
from dse.runtime.keras_file import Shape, input_shapes
from dse.runtime.modules import copy_modules, module_digest
from dse.runtime.outputs import ALL, SCORED
from workloads import keras_tuning
from workloads.datasets.reading import Samples, read_samples
from workloads.datasets.sources import digests, sources
from workloads.keras_files import check_format, check_inputs, check_layers, model_file
from workloads.quantisation.settings import epochs_of, is_quantised, is_tuned
from workloads.score_functions import UndefinedScoreError
from workloads.score_intervals import Scored, with_interval
from workloads.scores import SCORES, named_score, score_function, score_problem, scores_problem

_SETS = ("test_set", "test_targets", "train_set", "train_targets")
_FILES = ("model", *_SETS)
_SCORING = ("score", "more_scores", "direction", "unit")
_ONLY_FOR_TESTS = {
    "test_set", "test_targets", "more_scores", "direction", "unit", "max_samples", "built_outputs",
}  # fmt: skip
"""Parameters that do not change a training, so that they are not in the key of its cache."""


class KerasWorkload(Workload):
    """A user's Keras network, unchanged, or fine-tuned by quantisation-aware training or pruning.

    A file of a data set contains the inputs as `x` (or `x_0`, `x_1`, … in the order of the model)
    and the targets as `y`, first axis samples; `workloads.datasets` reads others. Class targets are
    one-hot or class numbers. Modules with scores, data and custom layers are also searched in the
    folder of the study file.
    """

    name: ClassVar[str] = "keras"
    version: ClassVar[int] = 2
    metrics: ClassVar[tuple[str, ...]] = tuple(SCORES)
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
            "output that is scored, by the name of its layer; null for the only one",
            optional=True,
        ),
        Parameter(
            "built_outputs",
            str,
            ALL,
            "outputs of the circuit, where the network has several: all, or the scored one alone",
            choices=(ALL, SCORED),
        ),
        Parameter(
            "test_set",
            str,
            "test.npz",
            "data to score on: npz or HDF5 with inputs x (or x_0, x_1, …) and targets y, a table "
            "(Parquet, CSV, ROOT) with a column y, a function module:function; or arrays by name, "
            "such as x.npy, data.h5:/x or 'jets.parquet:pt,eta', with test_targets",
        ),
        Parameter(
            "test_targets",
            str,
            None,
            "targets of the test set where they are elsewhere, such as y.npy, data.h5:/y or "
            "jets.parquet:label",
            optional=True,
        ),
        Parameter(
            "score",
            str,
            "accuracy",
            "figure of merit: accuracy, top_3 (any number), auc, auc_2 (of class 2), f1, mse, mae, "
            "r2, rejection_50 (of background at 50 % signal efficiency; rejection_50_of_2: class 2 "
            "is the signal), or module:function of (targets, outputs)",
            validator=score_problem,
        ),
        Parameter(
            "more_scores",
            list,
            [],
            "further figures of merit beside score, such as [top_3, auc_0, auc_1]",
            validator=scores_problem,
        ),
        Parameter(
            "direction",
            str,
            "maximise",
            "whether larger or smaller is better, if score is a function of your own",
            choices=("maximise", "minimise"),
        ),
        Parameter("unit", str, "", "unit of a score that is a function of your own, such as GeV"),
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
        return tuple(info.name for info in _infos(settings))

    @classmethod
    def definitions(cls, settings: Assignment) -> tuple[MetricInfo, ...]:
        """Return the definitions of scores that the catalogue lacks.

        The direction of a user's score is the parameter `direction`.
        """
        return tuple(info for info in _infos(settings) if info.name not in cls.metrics)

    def fingerprint(self, parameters: Assignment) -> str:
        """Return a digest of the settings, of both files and of the sources of named modules.

        Raises:
            DataError: a file is missing or has another format, or `layer_bits` names no layer.
        """
        if is_quantised(parameters):
            check_layers(self._file(parameters, "model"), _mapping(parameters["layer_bits"]))
        return self._digest(keras_tuning.relevant(parameters))

    def own_modules(self, parameters: Assignment) -> list[tuple[str, str]]:
        """Return the modules of scores, custom layers and functions that give data."""
        return [*_modules(parameters), *_data_modules(parameters, self.base)]

    def _digest(self, settings: Assignment) -> str:
        if settings.get("train_set", "") is None:
            hint = "workload.train_set: inputs and targets like the test set"
            raise DataError("training and pruning need a train_set", hint=hint)
        model = self._file(settings, "model")
        files = [*map(file_digest, (model, *self._beside(model)))]
        for key in (key for key in _SETS if settings.get(key) is not None):
            files += digests(str(settings[key]), self.base, key)
        rest = {name: value for name, value in settings.items() if name not in _FILES}
        if rest.get("output") is None:  # so that naming no output changes no fingerprint
            rest.pop("output", None)
            rest.pop("built_outputs", None)
        modules = [_source_digest(*one, self.base) for one in _modules(settings)]
        return digest(self.name, self.version, rest, files, modules)

    def _file(self, parameters: Assignment, name: str) -> Path:
        path = self.base / str(parameters[name])
        if path.is_dir():
            hint = f"set workload.{name} to the file in it, or another one"
            raise DataError(f"workload.{name} is a folder, not a file", where=str(path), hint=hint)
        if not path.is_file():
            hint = f"set workload.{name} to a file; relative paths start at {self.base}"
            raise DataError(f"the {name} file does not exist", where=str(path), hint=hint)
        self._check_format(path, name)
        return path

    def _check_format(self, path: Path, name: str) -> None:
        """Check that a file has the format of its setting; for subclasses with others."""
        check_format(path, name)

    def _input_shapes(self, model: Path) -> Sequence[Shape]:
        """Return the shapes of the network's inputs; for subclasses with other files."""
        return input_shapes(model)

    def _beside(self, model: Path) -> list[Path]:  # noqa: ARG002  (for overriding)
        """Return further files that belong to the network's file; for subclasses that have some."""
        return []

    def _copy(self, model: Path, directory: Path) -> None:
        """Copy the network to one of `dse.contracts.workload.MODEL_FILES`."""
        shutil.copyfile(model, directory / model_file(model))

    def prepare(self, parameters: Assignment, directory: Path, progress: ProgressText) -> Prepared:
        """Copy or fine-tune the model, and check the test set."""
        progress("reading the test set")
        inputs, targets = self._samples(parameters, "test")
        limit = parameters["max_samples"]
        rows = slice(int(str(limit)) if limit is not None else None)
        where = f"workload.test_set {parameters['test_set']}"
        check_inputs(inputs, self._input_shapes(self._file(parameters, "model")), where)
        self._check_scores(parameters)  # raises before a long training
        self._copy(self._network(parameters, directory, progress), directory)
        named = [str(module) for module in _custom_modules(parameters)]
        # scores too: they are computed on machines that have not got the study's folder
        scores = [name.partition(":")[0] for name in _score_names(parameters) if ":" in name]
        copy_modules([*named, *scores], self.base, directory / "modules")
        return Prepared.write(
            directory,
            self.fingerprint(parameters),
            inputs=[array[rows] for array in inputs],
            scoring={"targets": targets[rows]},
            manifest={
                "custom_modules": _custom_modules(parameters),
                **{key: parameters[key] for key in _SCORING},
                # a network that was trained on has the output alone, perhaps under another name
                "output": None if is_tuned(parameters) else parameters["output"],
                "built_outputs": parameters["built_outputs"],
            },
        )

    def _check_scores(self, parameters: Assignment) -> None:
        for name in _score_names(parameters):
            score_function(name, self.base)
        names = [info.name for info in _infos(parameters)]
        if twice := {name for name in names if names.count(name) > 1}:
            hint = "give one of the functions another name"
            raise DataError(f"two scores give the metric {', '.join(twice)}", hint=hint)

    def _samples(self, parameters: Assignment, kind: str) -> Samples:
        text, targets = (parameters[f"{kind}_{part}"] for part in ("set", "targets"))
        elsewhere = None if targets is None else str(targets)
        return read_samples(str(text), elsewhere, self.base, f"{kind}_set")

    def expected_prepare_s(self, parameters: Assignment) -> float:
        """Return 60 s for a training, whose length is not known in advance; else 1 s."""
        return 60.0 if is_tuned(parameters) and epochs_of(parameters) else 1.0

    def _network(self, parameters: Assignment, directory: Path, progress: ProgressText) -> Path:
        """Return the model file: the given one, or the fine-tuned one from the cache."""
        given = self._file(parameters, "model")
        if not is_tuned(parameters):
            return given
        root = (self.cache or directory) / "trained"
        matters = keras_tuning.relevant(parameters)
        told = {k: v for k, v in matters.items() if k not in _ONLY_FOR_TESTS}
        key = self._digest(told)
        # a longer training of the same kind goes on where a shorter one ended
        alike = self._digest({k: v for k, v in told.items() if k != "finetune_epochs"})

        saved = f"{given.stem}.keras"

        def make(folder: Path) -> None:
            arrays = self._samples(parameters, "train")
            from workloads.fitting import Checkpoint  # imports TensorFlow

            checkpoint = Checkpoint(root / f"{key}.training.npz", root / "ends" / alike)
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
        """Return the figures of merit with 95 % bootstrap intervals over samples.

        Further scores that have no value for these outputs are left out; `score` has to have one.
        """
        targets, settings = prepared.arrays["targets"], prepared.manifest
        found: list[Metric] = []
        for name, info in zip(_score_names(settings), _infos(settings), strict=True):
            function = score_function(name, self.base)
            try:
                scored = with_interval(name, function, targets, outputs)
            except UndefinedScoreError:
                if not found:
                    raise
                continue
            found.append(_metric(info, scored, fidelity))
        return tuple(found)


def _metric(info: MetricInfo, found: Scored, fidelity: Fidelity) -> Metric:
    return info.metric(
        found.value, fidelity, low=found.low, high=found.high, replicas=found.replicas
    )


def _score_names(settings: Assignment) -> list[str]:
    """Return the names of all scores, each once."""
    more = settings.get("more_scores")
    names = [settings.get("score", "accuracy"), *(more if isinstance(more, list) else [])]
    return list(dict.fromkeys(map(str, names)))


def _infos(settings: Assignment) -> list[MetricInfo]:
    """Return the definitions of the metrics of all scores, in their order."""
    return [_info(name, settings) for name in _score_names(settings)]


def _info(name: str, settings: Assignment) -> MetricInfo:
    if known := named_score(name):
        return known.info
    module, _, own = name.rpartition(":")
    direction: Direction = "minimise" if settings.get("direction") == "minimise" else "maximise"
    return MetricInfo(own, str(settings.get("unit", "")), direction, f"{own} of {module}")


def _custom_modules(parameters: Assignment) -> list[Value]:
    """Return the modules to import before the network can be loaded."""
    custom = parameters["custom_modules"]
    named = custom if isinstance(custom, list) else []
    return [*named, *(["qkeras"] if is_quantised(parameters) else [])]


def _mapping(value: Value) -> Assignment:
    return value if isinstance(value, dict) else {}


def _modules(parameters: Assignment) -> list[tuple[str, str]]:
    """Return the parameters that name modules, for custom layers or scores, with each module."""
    custom, score = parameters.get("custom_modules"), str(parameters.get("score"))
    named = [str(module) for module in custom] if isinstance(custom, list) else []
    own = (name for name in _score_names(parameters) if ":" in name)
    return [
        *(("custom_modules", module) for module in named),
        *(("score" if n == score else "more_scores", n.partition(":")[0]) for n in own),
    ]


def _data_modules(parameters: Assignment, base: Path) -> Iterator[tuple[str, str]]:
    """Yield the parameters that name functions for data, with each function's module."""
    for key in (key for key in _SETS if parameters.get(key) is not None):
        for source in sources(str(parameters[key]), base):
            if source.is_function:
                yield key, source.place.partition(":")[0]


def _source_digest(setting: str, module: str, base: Path) -> str:
    """Return the digest of a module's code, so that an edit changes the fingerprint.

    Raises:
        SettingError: there is no such module.
    """
    try:
        return module_digest(module, base)
    except DataError as error:
        raise SettingError(error.message, setting=setting, hint=error.hint) from error
