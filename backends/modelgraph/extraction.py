"""Read a prepared workload's network once: convert it, check the conversion, keep the result.

Importing TensorFlow takes some 10 s and 0.7 GB, so one process reads the Keras model and all
others read the layer list from the cache. A network that cannot be converted rightly is kept
too, as the failure: every point of a study would end the same way.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.modelgraph.conversion_check import check_conversion, compared_rows, on_grid
from backends.modelgraph.flat_model import flattened
from backends.modelgraph.layers.registry import plugins_installed
from backends.modelgraph.network import Network, read_keras
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.workload import Prepared
from dse.runtime import isolated
from dse.runtime.cache import cached_directory, digest
from dse.runtime.keras_model import load_model
from dse.runtime.modules import module_digest

_FORMAT = 11
"""Part of the cache key: raise it when the same network gives another layer list or failure."""

_FAILURE = "failure.json"


def extract(prepared: Prepared, cache: Path, directory: Path) -> Network:
    """Return the layer list of a prepared workload.

    It comes from the cache; on the first call a child process with Keras makes and checks it.

    Args:
        prepared: supplies the Keras model and the evaluation set.
        cache: shared cache folder.
        directory: folder for the child's log, ``extract.log``.

    Raises:
        EvaluationError: Keras cannot load the model, hls4ml cannot convert it, or the converted
            network does not compute what the model computes.
    """
    key = layers_key(prepared)
    build = partial(_extract_in_child, prepared, directory / "extract.log")
    folder = cached_directory(cache / "layers", key, build)
    if (folder / _FAILURE).exists():
        stored = json.loads((folder / _FAILURE).read_text())
        kind = FailureKind(stored["kind"])
        raise EvaluationError(kind, stored["message"], hint=stored["hint"])
    return Network.load(folder)


def read_here(prepared: Prepared, cache: Path) -> None:
    """Keep the layer list of a prepared workload, made in this process.

    For a process that has loaded Keras: it takes `extract` seconds to start another one. A
    failure is not kept: `extract` finds it again in a process that has done nothing else.

    Raises:
        EvaluationError: the network cannot be converted.
    """

    def build(folder: Path) -> None:
        _checked(prepared).save(folder)

    cached_directory(cache / "layers", layers_key(prepared), build)


def extracted(prepared: Prepared, cache: Path) -> Network | None:
    """Return the layer list of a prepared workload if it is in the cache; makes nothing."""
    folder = cache / "layers" / layers_key(prepared)
    if not folder.is_dir() or (folder / _FAILURE).exists():
        return None
    return Network.load(folder)


def layers_key(prepared: Prepared) -> str:
    """Return the key of a network's layer list: the network, and all code that reads and checks it.

    An upgrade of Keras may read a file that the one before could not, so versions are part of it.
    Without a C++ compiler, layers without a value rule are not compared.
    """
    import hls4ml

    readers = ("onnx", "onnxruntime", "qonnx") if _is_onnx(prepared) else ("keras", "h5py")
    versions = [*map(version, readers), hls4ml.__version__]
    custom = [module_digest(name, prepared.modules) for name in prepared.custom_modules]
    compared = shutil.which("g++") is not None
    plugins = plugins_installed()
    return digest("layers", _FORMAT, versions, prepared.fingerprint, custom, compared, plugins)


def _is_onnx(prepared: Prepared) -> bool:
    return prepared.model_path.suffix == ".onnx"


def _extract_in_child(prepared: Prepared, log: Path, folder: Path) -> None:
    isolated.call(f"{__name__}:convert_prepared", prepared.directory, folder, log=log)


def convert_prepared(source: Path, target: Path) -> None:
    """Convert the Keras model of a prepared workload, check it and save its layer list.

    Needs Keras. A conversion that fails is saved as a failure.

    Args:
        source: folder of the prepared workload.
        target: folder for the layer list.
    """
    prepared = Prepared(source, "")  # the fingerprint is not needed here
    try:
        _checked(prepared).save(target)
    except EvaluationError as error:
        stored = {"kind": error.kind, "message": error.message, "hint": error.hint}
        (target / _FAILURE).write_text(json.dumps(stored))


def _checked(prepared: Prepared) -> Network:
    """Return the converted network, compared with the trained one on the evaluation set."""
    if _is_onnx(prepared):
        from backends.modelgraph.onnx.read import checked_onnx  # onnx is an extra

        return checked_onnx(prepared)
    return checked_network(load_model(prepared), prepared.inputs)


def checked_network(model: Any, inputs: Sequence[NDArray[Any]]) -> Network:
    """Convert a Keras model, and compare the network with it on some of the given samples.

    Args:
        model: the Keras model; models inside it become layers of it.
        inputs: one array per model input, first axis samples.

    Raises:
        EvaluationError: a layer cannot be converted, or is converted wrongly.
    """
    model = flattened(model)
    network, tensors = read_keras(model)
    rows = compared_rows(inputs)
    given = [on_grid(np.asarray(array)[rows]) for array in inputs]
    expected = keras_outputs(model, tensors, given)
    return check_conversion(network, dict(zip(network.inputs, given, strict=True)), expected)


def keras_outputs(
    model: Any, tensors: Mapping[str, Any], inputs: list[NDArray[Any]]
) -> dict[str, NDArray[np.float64]]:
    """Return what a Keras model computes in every layer.

    Args:
        model: the Keras model.
        tensors: the Keras tensor that every layer makes, by the layer's name.
        inputs: one array per model input, first axis samples.

    Returns:
        Outputs by layer name, (samples, …).
    """
    import keras

    # a Sequential keeps its graph of tensors in a Functional model
    given = getattr(model, "_functional", model).inputs
    arrays = keras.Model(given, list(tensors.values()))(inputs, training=False)
    return {
        layer: keras.ops.convert_to_numpy(array).astype(np.float64)
        for layer, array in zip(tensors, arrays, strict=True)
    }
