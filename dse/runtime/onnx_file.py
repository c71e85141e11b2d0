"""Read ONNX files and check them, with typed errors; needs only the package `onnx`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dse.contracts.errors import DataError, ToolMissingError
from dse.contracts.extras import install_hint

QUANT_DOMAINS = ("qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general")
"""Domains of QONNX's quantisers: today's, that of older Brevitas, and that of older FINN."""

_DOMAINS = ("", "ai.onnx", *QUANT_DOMAINS)

OLDEST_OPSET = 7
"""Operations of older sets have other attributes, such as the axes of a broadcast."""

_EXPORT = "write it with torch.onnx.export(model, (example,), 'model.onnx')"


def read_onnx(path: Path) -> Any:
    """Return an ONNX model, with the weights from files beside it, after a check.

    Args:
        path: the file; it exists.

    Returns:
        The `onnx.ModelProto`.

    Raises:
        DataError: the file is no ONNX model, or one of operations that ONNX does not define;
            external weights are missing, or weights are not finite.
        ToolMissingError: the package `onnx` is not installed.
    """
    model = _parsed(path)
    check_model(model, path)
    try:
        import onnx

        onnx.load_external_data_for_model(model, str(path.parent))
    except (OSError, ValueError, onnx.checker.ValidationError) as error:
        message = f"the weights that the model keeps in other files cannot be read: {error}"
        hint = "keep the files that torch.onnx.export wrote together, or give external_data=False"
        raise DataError(message, where=str(path), hint=hint) from error
    _check_weights(model, path)
    return model


def external_files(path: Path) -> list[Path]:
    """Return the files beside a model that hold its weights, after a check of the model.

    Raises:
        DataError: see `read_onnx`.
        ToolMissingError: the package `onnx` is not installed.
    """
    model = _parsed(path)
    check_model(model, path)
    entries = (entry for tensor in _tensors(model) for entry in tensor.external_data)
    names = sorted({entry.value for entry in entries if entry.key == "location"})
    missing = [name for name in names if not (path.parent / name).is_file()]
    if missing:
        message = f"the file {missing[0]} with weights of the model does not exist"
        hint = "keep the files that torch.onnx.export wrote together, or give external_data=False"
        raise DataError(message, where=str(path), hint=hint)
    return [path.parent / name for name in names]


def _parsed(path: Path) -> Any:
    """Return the model of a file, external weights left out."""
    try:
        import onnx
    except ImportError as error:
        message = "networks in ONNX need the package 'onnx'"
        raise ToolMissingError(message, hint=install_hint(error)) from error
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(str(path), load_external_data=False)
    except (DecodeError, ValueError, OSError) as error:
        message = "workload.model is no ONNX file"
        raise DataError(message, where=str(path), hint=_EXPORT) from error
    if not model.graph.node or not model.opset_import:
        message = "workload.model is no ONNX file, or one without a network"
        raise DataError(message, where=str(path), hint=_EXPORT)
    return model


def check_model(model: Any, path: Path) -> None:
    """Check the operations of a model: their version, and that ONNX or QONNX defines them.

    Raises:
        DataError: they are older or newer than what can be read, or of another's making.
    """
    import onnx

    newest = onnx.defs.onnx_opset_version()
    for entry in model.opset_import:
        if entry.domain in {"", "ai.onnx"} and not OLDEST_OPSET <= entry.version <= newest:
            message = f"workload.model has operations of set {entry.version}"
            hint = f"export with an opset_version from {OLDEST_OPSET} to {newest}"
            raise DataError(message, where=str(path), hint=hint)
    own = {(function.domain, function.name) for function in model.functions}
    strange = sorted(
        {
            f"{node.domain}.{node.op_type}"
            for node in model.graph.node
            if node.domain not in _DOMAINS and (node.domain, node.op_type) not in own
        }
    )
    if strange:
        message = f"workload.model has operations that ONNX does not define: {', '.join(strange)}"
        hint = "export the network with operations of ONNX, and quantisers of QONNX"
        raise DataError(message, where=str(path), hint=hint)
    _check_tensors(model, path)


def _check_tensors(model: Any, path: Path) -> None:
    """Refuse inputs that are no numbers, and tensors that are read but given by nothing.

    Raises:
        DataError: names the first such tensor.
    """
    from onnx import TensorProto

    given = {value.name for value in model.graph.input} | {t.name for t in _tensors(model)}
    given |= {tensor.values.name for tensor in model.graph.sparse_initializer} | {""}
    given |= {name for node in model.graph.node for name in node.output}
    read = [name for node in model.graph.node for name in node.input]
    lost = next((n for n in (*read, *(v.name for v in model.graph.output)) if n not in given), None)
    if lost is not None:
        message = f"nothing in workload.model gives the tensor '{lost}'"
        raise DataError(message, where=str(path), hint=_EXPORT)
    for value in input_values(model):
        kind = value.type.tensor_type.elem_type
        if kind in {TensorProto.UNDEFINED, TensorProto.STRING}:
            message = f"the input '{value.name}' of workload.model is no tensor of numbers"
            hint = "export the part of the network that takes numbers"
            raise DataError(message, where=str(path), hint=hint)


def _tensors(model: Any) -> Iterator[Any]:
    """Yield the constants of a model."""
    yield from model.graph.initializer
    for node in model.graph.node:
        yield from (attribute.t for attribute in node.attribute if attribute.HasField("t"))


def _check_weights(model: Any, path: Path) -> None:
    """Refuse weights that are no finite numbers.

    Raises:
        DataError: names the first such tensor.
    """
    from onnx import numpy_helper

    for tensor in model.graph.initializer:
        try:
            values = numpy_helper.to_array(tensor)
        except ValueError as error:
            message = f"the weights '{tensor.name}' cannot be read: {error}"
            raise DataError(message, where=str(path), hint=_EXPORT) from error
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            message = f"the weights '{tensor.name}' are not all finite numbers"
            hint = "train again: the training has diverged; a lower learning rate may help"
            raise DataError(message, where=str(path), hint=hint)


def input_values(model: Any) -> list[Any]:
    """Return the descriptions of the inputs of a model, without constants listed among them."""
    constants = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in constants]


def shape_of(value: Any) -> tuple[int | None, ...]:
    """Return the shape of an input or output; None for axes whose length is not fixed."""
    sizes = value.type.tensor_type.shape.dim
    return tuple(size.dim_value if size.HasField("dim_value") else None for size in sizes)
