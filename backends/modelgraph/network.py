"""Trained network as hls4ml's layer list.

The list is cached on disk: importing TensorFlow takes some 10 s and 0.7 GB, so one process
reads the Keras model and all others read the list.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from backends.modelgraph.chains import chained
from backends.modelgraph.layers.registry import import_keras_handlers
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.workload import Prepared
from dse.runtime import isolated
from dse.runtime.cache import cached_directory, digest
from dse.runtime.modules import import_custom_modules

_FORMAT = 3
"""Part of the cache key: raise it when the same network gives another layer list."""


@dataclass(frozen=True)
class Network:
    """Network in the form that hls4ml's `ModelGraph.from_layer_list` takes.

    Args:
        layers: hls4ml's description of every layer, weights as arrays.
        inputs: names of the input layers, in the order of the model's inputs.
        outputs: names of the output layers.
    """

    layers: list[dict[str, Any]]
    inputs: list[str]
    outputs: list[str]

    def save(self, directory: Path) -> None:
        """Write ``layers.json`` and ``weights.npz`` (arrays as ``number of the layer/key``)."""
        plain = [
            {key: value for key, value in layer.items() if not isinstance(value, np.ndarray)}
            for layer in self.layers
        ]
        arrays = {
            f"{number}/{key}": value
            for number, layer in enumerate(self.layers)
            for key, value in layer.items()
            if isinstance(value, np.ndarray)
        }
        np.savez(directory / "weights.npz", allow_pickle=False, **arrays)
        text = json.dumps({"layers": plain, "inputs": self.inputs, "outputs": self.outputs})
        (directory / "layers.json").write_text(text)

    @classmethod
    def load(cls, directory: Path) -> "Network":
        """Read a network from the folder that `save` wrote."""
        stored = json.loads((directory / "layers.json").read_text())
        with np.load(directory / "weights.npz", allow_pickle=False) as arrays:
            for name in arrays.files:
                number, key = name.split("/", 1)
                stored["layers"][int(number)][key] = arrays[name]
        layers = [_with_tuples(layer) for layer in stored["layers"]]
        return cls(layers, stored["inputs"], stored["outputs"])


def _with_tuples(layer: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored layer with the tuples that hls4ml insists on; JSON has lists alone."""
    shapes = {"inp_shape", "inp0_shape", "inp1_shape", "out_shape"}  # of Einstein sums
    return {key: tuple(value) if key in shapes else value for key, value in layer.items()}


def from_keras(model: Any) -> Network:
    """Read a Keras 3 model by hls4ml's parser, with the handlers of all known layers.

    Raises:
        EvaluationError: hls4ml has no handler for a layer, which the hint names; the network
            has more than one output; or it merges more tensors than hls4ml can (`chained`).
    """
    from hls4ml.converters.keras_v3_to_hls import parse_keras_v3_model

    import_keras_handlers()
    try:
        layers, inputs, outputs, _ = parse_keras_v3_model(model, allow_da_fallback=False)
    except Exception as error:  # hls4ml has no error class of its own; asserts have no text
        raise EvaluationError(
            FailureKind.INVALID_POINT,
            f"hls4ml cannot convert the network: {error or type(error).__name__}",
            hint=_unknown_layers(model),
        ) from error
    if len(outputs) != 1:
        message = f"the network has {len(outputs)} outputs ({', '.join(outputs)})"
        hint = "dse evaluates networks with one output; join them with Concatenate"
        raise EvaluationError(FailureKind.INVALID_POINT, message, hint=hint)
    return Network(chained([_plain(layer) for layer in layers]), list(inputs), list(outputs))


def _unknown_layers(model: Any) -> str:
    """Return a hint that names the layers hls4ml has no handler for; empty if it has all."""
    from hls4ml.converters.keras_v3._base import registry

    known = {name.rpartition(".")[2] for name in registry}
    unknown = [
        f"{layer.name} ({type(layer).__name__})"
        for layer in getattr(model, "layers", ())
        if type(layer).__name__ not in known
    ]
    return f"layers that hls4ml does not know: {', '.join(unknown)}" if unknown else ""


def _plain(layer: Mapping[str, Any]) -> dict[str, Any]:
    """Drop entries that are None or only name Keras objects; the rest is stored as JSON.

    Of entries that are None, hls4ml needs the missing bias of an EinsumDense.
    """
    skipped = {"module", "input_keras_tensor_names", "output_keras_tensor_names"}
    return {
        key: value
        for key, value in layer.items()
        if key not in skipped and (value is not None or key == "bias_data")
    }


def extract(prepared: Prepared, cache: Path, directory: Path) -> Network:
    """Return the layer list of a prepared workload.

    It comes from the cache; on the first call a child process with Keras makes it.

    Args:
        prepared: supplies the Keras model.
        cache: shared cache folder.
        directory: folder for the child's log, ``extract.log``.

    Raises:
        EvaluationError: Keras cannot load the model, or hls4ml cannot convert it.
    """
    import hls4ml

    key = digest("layers", _FORMAT, hls4ml.__version__, prepared.fingerprint)
    build = partial(_extract_in_child, prepared, directory / "extract.log")
    return Network.load(cached_directory(cache / "layers", key, build))


def _extract_in_child(prepared: Prepared, log: Path, folder: Path) -> None:
    isolated.call(f"{__name__}:convert_prepared", prepared.directory, folder, log=log)


def convert_prepared(source: Path, target: Path) -> None:
    """Load the Keras model of a prepared workload and save its layer list; needs Keras.

    Args:
        source: folder of the prepared workload.
        target: folder for the layer list.

    Raises:
        EvaluationError: Keras cannot load the model, or hls4ml cannot convert it.
    """
    import keras

    prepared = Prepared(source, "")  # the fingerprint is not needed here
    import_custom_modules(prepared)
    try:
        model = keras.saving.load_model(prepared.model_path, compile=False)
    except Exception as error:  # a file of the user's: Keras raises many kinds
        raise EvaluationError(
            FailureKind.INVALID_POINT, f"Keras cannot load the model file: {error}"
        ) from error
    from_keras(model).save(target)
