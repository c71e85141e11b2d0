"""Compute what an ONNX network gives, by onnxruntime."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.contracts.errors import EvaluationError, FailureKind
from dse.runtime.onnx_file import input_values, read_onnx, shape_of
from dse.runtime.onnx_quant import without_quantisers
from dse.runtime.outputs import chosen_output


class OnnxRunner:
    """A network ready to compute tensors.

    Networks whose number of samples is fixed to one compute sample by sample.

    Args:
        model: the `onnx.ModelProto`.
        tensors: names of the tensors to compute, any of the network's.
        threads: threads that onnxruntime may use.

    Raises:
        EvaluationError: onnxruntime refuses the network.
    """

    def __init__(self, model: Any, tensors: Sequence[str], threads: int = 1) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        options.log_severity_level = 3  # errors: they come as exceptions, warnings are of no use
        self.tensors = list(tensors)
        self.inputs = input_values(model)
        plain = _with_outputs(without_quantisers(model), self.tensors)
        try:
            self.session = onnxruntime.InferenceSession(
                plain.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's classes of errors have no common base
            raise _refused(error) from error
        self.types = {value.name: _numpy_type(value) for value in self.inputs}
        lengths = (shape_of(value)[0] for value in self.inputs)
        self.fixed = {length for length in lengths if length is not None}

    def run(
        self, inputs: Sequence[NDArray[Any]], samples_along: Mapping[str, int] | None = None
    ) -> list[NDArray[Any]]:
        """Return the tensors, first axis samples.

        Args:
            inputs: one array per input of the network, first axis samples.
            samples_along: by tensor the axis of samples, where it is not the first.

        Raises:
            EvaluationError: the inputs do not fit, or the network fixes another number of samples
                than one.
        """
        self._check(inputs)
        given = {
            value.name: np.ascontiguousarray(array, self.types[value.name])
            for value, array in zip(self.inputs, inputs, strict=True)
        }
        samples, axes = len(inputs[0]), samples_along or {}
        if not self.fixed or self.fixed == {samples}:
            parts = [self._run(given)]
        else:
            one_by_one = ({k: array[[i]] for k, array in given.items()} for i in range(samples))
            parts = [self._run(one) for one in one_by_one]
        found = zip(self.tensors, zip(*parts, strict=True), strict=True)
        return [_joined(arrays, axes.get(name, 0)) for name, arrays in found]

    def _run(self, given: dict[str, NDArray[Any]]) -> list[NDArray[Any]]:
        try:
            found: list[NDArray[Any]] = self.session.run(self.tensors, given)
        except Exception as error:  # as above
            raise _refused(error) from error
        return found

    def _check(self, inputs: Sequence[NDArray[Any]]) -> None:
        if self.fixed - {1, len(inputs[0])}:
            message = f"the network computes {max(self.fixed)} samples at once, no other number"
            hint = "export it with one sample, or with a dynamic first axis"
            raise EvaluationError(FailureKind.INVALID_POINT, message, hint=hint)
        wanted = [shape_of(value)[1:] for value in self.inputs]
        found = [array.shape[1:] for array in inputs]
        if len(wanted) != len(found) or not all(map(_fits, found, wanted)):
            raise EvaluationError(
                FailureKind.INVALID_POINT,
                f"the evaluation set has inputs of shape {_text(found)}, "
                f"the network takes {_text(wanted)}",
            )


def _joined(parts: Sequence[NDArray[Any]], axis: int) -> NDArray[Any]:
    """Return parts of a tensor as one whose first axis is that of samples."""
    moved = [np.moveaxis(part, axis, 0) if axis else part for part in parts]
    return moved[0] if len(moved) == 1 else np.concatenate(moved)


def outputs_of(model: Any, name: object) -> list[str]:
    """Return the names of a network's outputs, the one that is scored first.

    Args:
        model: the `onnx.ModelProto`.
        name: the name that the study gives; None for the only output.

    Raises:
        EvaluationError: there is no such output, or several and none is named.
    """
    names = [str(value.name) for value in model.graph.output]
    chosen = chosen_output(names, name)
    return [chosen, *(other for other in names if other != chosen)]


def runner_of(path: Path, output: object, threads: int, *, every: bool) -> OnnxRunner:
    """Return what computes the outputs of a network in a file, the scored one first.

    Args:
        path: the file.
        output: see `outputs_of`.
        threads: see `OnnxRunner`.
        every: whether other outputs than the scored one are computed too.

    Raises:
        EvaluationError: see `outputs_of` and `OnnxRunner`.
    """
    model = read_onnx(path)
    outputs = outputs_of(model, output)
    return OnnxRunner(model, outputs if every else outputs[:1], threads)


def _with_outputs(model: Any, tensors: Sequence[str]) -> Any:
    """Return a copy of a model that gives certain tensors instead of its own outputs."""
    import onnx

    made = onnx.ModelProto()
    made.CopyFrom(model)
    del made.graph.output[:]
    made.graph.output.extend(onnx.ValueInfoProto(name=name) for name in tensors)
    return made


def _numpy_type(value: Any) -> np.dtype[Any]:
    from onnx import helper

    found: np.dtype[Any] = helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
    return found


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    pairs = zip(shape, wanted, strict=False)
    return len(shape) == len(wanted) and all(
        size in {axis, None} or axis is None for size, axis in pairs
    )


def _text(shapes: Sequence[tuple[int | None, ...]]) -> str:
    return ", ".join("x".join(map(str, shape)) or "single numbers" for shape in shapes)


def _refused(error: Exception) -> EvaluationError:
    return EvaluationError(
        FailureKind.INVALID_POINT,
        f"onnxruntime refuses the network: {error}",
        hint="check the file with onnx.checker.check_model(file, full_check=True)",
    )
