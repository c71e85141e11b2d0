"""The `onnx` workload: a network in ONNX or QONNX, a test set and a figure of merit."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from dse.contracts.parameters import Assignment, Parameter
from dse.contracts.workload import Prepared, ProgressText
from dse.runtime.keras_file import Shape
from dse.runtime.onnx_file import external_files, input_values, read_onnx, shape_of
from workloads import keras_tuning
from workloads.keras import KerasWorkload

_OF_KERAS = {"model", "custom_modules", *(p.name for p in keras_tuning.PARAMETERS)}
"""Parameters of the workload `keras` that make no sense here: training is PyTorch's."""

_UNTRAINED = {
    p.name: p.default for p in KerasWorkload.parameters if p.name in _OF_KERAS - {"model"}
}


class OnnxWorkload(KerasWorkload):
    """A user's network in ONNX, as PyTorch exports it, or in QONNX, as Brevitas does.

    Data sets and scores are those of the workload `keras`. Inputs have the shapes of the ONNX
    file: images with the channels first.
    """

    name: ClassVar[str] = "onnx"
    version: ClassVar[int] = 1
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("model", str, "model.onnx", "ONNX file, relative to the study file"),
        *(p for p in KerasWorkload.parameters if p.name not in _OF_KERAS),
    )

    def fingerprint(self, parameters: Assignment) -> str:
        """Return a digest of the settings, of all files and of the sources of named modules.

        Raises:
            DataError: a file is missing or has another format, or the network has operations
                that ONNX does not define.
            ToolMissingError: the package `onnx` is not installed.
        """
        return super().fingerprint({**_UNTRAINED, **parameters})

    def prepare(self, parameters: Assignment, directory: Path, progress: ProgressText) -> Prepared:
        """Copy the network into one file, and check the test set."""
        return super().prepare({**_UNTRAINED, **parameters}, directory, progress)

    def expected_prepare_s(self, parameters: Assignment) -> float:  # noqa: ARG002  (base class)
        """Return 1 s for a copy."""
        return 1.0

    def _check_format(self, path: Path, name: str) -> None:
        if name == "model":
            external_files(path)  # raises where the file is no network
        else:
            super()._check_format(path, name)

    def _input_shapes(self, model: Path) -> Sequence[Shape]:
        shapes = [shape_of(value) for value in input_values(read_onnx(model))]
        return [shape[1:] for shape in shapes] if all(len(shape) > 1 for shape in shapes) else []

    def _beside(self, model: Path) -> list[Path]:
        return external_files(model)

    def _copy(self, model: Path, directory: Path) -> None:
        (directory / "model.onnx").write_bytes(read_onnx(model).SerializeToString())
