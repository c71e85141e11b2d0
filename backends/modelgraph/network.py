"""Trained network as hls4ml's layer list, read from a Keras model."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from traceback import walk_tb
from typing import Any

import numpy as np

from backends.modelgraph.chains import chained
from backends.modelgraph.layers.activations_keras import mended
from backends.modelgraph.layers.keras_tensors import INNER_TENSOR
from backends.modelgraph.layers.registry import broken_plugins, import_keras_handlers
from backends.modelgraph.names import OWN_NAME, legal_names
from backends.modelgraph.stored_layers import StoredLayers, decode
from backends.modelgraph.unconvertible import refuse_unconvertible
from dse.contracts.errors import EvaluationError, FailureKind

MOST_WEIGHTS = 2**25
"""Weights of the largest network that is converted: no FPGA's memory holds more at 8 bits.

A part with 270 Mbit of block and UltraRAM is among the largest there are.
"""


@dataclass(frozen=True)
class Network:
    """Network in the form that hls4ml's `ModelGraph.from_layer_list` takes.

    Args:
        layers: hls4ml's description of every layer, weights as arrays.
        inputs: names of the input layers, in the order of the model's inputs.
        outputs: names of the output layers, the scored one first.
        warnings: what the check of the conversion could not compare, one line each.
        wide: settings with types so wide that rounding cannot be seen, from that check.
    """

    layers: list[dict[str, Any]]
    inputs: list[str]
    outputs: list[str]
    warnings: tuple[str, ...] = ()
    wide: Mapping[str, Any] = field(default_factory=dict)

    def save(self, directory: Path) -> None:
        """Write ``layers.json`` and ``weights.npz``; see `backends.modelgraph.stored_layers`."""
        stored = StoredLayers()
        plain = [stored.encode(layer, f"layer '{layer['name']}'") for layer in self.layers]
        np.savez(directory / "weights.npz", allow_pickle=False, **stored.arrays)
        named: dict[str, Any] = {
            "inputs": self.inputs,
            "outputs": self.outputs,
            "warnings": self.warnings,
        }
        named["wide"] = dict(self.wide)
        (directory / "layers.json").write_text(json.dumps({"layers": plain, **named}))

    @classmethod
    def load(cls, directory: Path) -> "Network":
        """Read a network from the folder that `save` wrote."""
        stored = json.loads((directory / "layers.json").read_text())
        with np.load(directory / "weights.npz", allow_pickle=False) as arrays:
            layers = decode(stored["layers"], arrays)
        told = tuple(stored["warnings"])
        return cls(layers, stored["inputs"], stored["outputs"], told, stored["wide"])

    def reduced(self) -> "Network":
        """Return the network with the scored output alone, and the layers and inputs it needs."""
        wanted = {self.outputs[0]}
        for layer in reversed(self.layers):  # every layer comes after those that it reads
            if layer["name"] in wanted:
                wanted.update(layer.get("inputs", ()))
        kept = [layer for layer in self.layers if layer["name"] in wanted or _is_input(layer)]
        return replace(self, layers=kept, outputs=self.outputs[:1])


def _is_input(layer: Mapping[str, Any]) -> bool:
    return bool(layer["class_name"] == "InputLayer")


def from_keras(model: Any) -> Network:
    """Read a Keras 3 model by hls4ml's parser, with the handlers of all known layers.

    Raises:
        EvaluationError: a layer cannot be converted; the message or the hint names it.
    """
    return read_keras(model)[0]


def read_keras(model: Any) -> tuple[Network, dict[str, Any]]:
    """Return the network, and by layer name the Keras tensor that holds the layer's output.

    An activation that hls4ml separates from its layer has the layer's tensor; the layer's own
    output, before the activation, is no tensor of Keras, nor is that of a part of a merge. The
    tensors of layers that one layer of Keras becomes may be none of the model's.

    Raises:
        EvaluationError: see `from_keras`.
    """
    from hls4ml.converters.keras_v3_to_hls import parse_keras_v3_model

    check_size(sum(math.prod(variable.shape) for variable in getattr(model, "weights", ())))
    refuse_unconvertible(model)
    _count_axes(model)
    import_keras_handlers()
    try:
        layers, inputs, outputs, _ = parse_keras_v3_model(model, allow_da_fallback=False)
    except EvaluationError:
        raise
    except Exception as error:  # hls4ml has no error class of its own; asserts have no text
        raise EvaluationError(
            FailureKind.INVALID_POINT,
            f"hls4ml cannot convert {_place(error)}: {error or type(error).__name__}",
            hint=_unknown_layers(model),
        ) from error
    layers = mended(chained(layers))
    legal = legal_names(layer["name"] for layer in layers)
    known = _tensors(model)
    tensors = {
        legal[layer["name"]]: found
        for layer in layers
        for name in layer["output_keras_tensor_names"][:1]
        if (found := layer.get(INNER_TENSOR, known.get(name))) is not None
    }
    entries = [_entry(layer, legal) for layer in layers]
    given, made = [legal[n] for n in inputs], [legal[n] for n in dict.fromkeys(outputs)]
    return Network(entries, given, made), tensors


def _tensors(model: Any) -> dict[str, Any]:
    """Return the Keras tensors of a model by name."""
    from hls4ml.converters.keras_v3_to_hls import resolve_dependency_relation

    # a Sequential keeps its graph of tensors in a Functional model, as hls4ml's parser knows
    found: dict[str, Any] = resolve_dependency_relation(getattr(model, "_functional", model))[3]
    return found


def _count_axes(model: Any) -> None:
    """Give the axis of layer normalisations by its number, as hls4ml wants it, instead of -1."""
    import keras

    for layer in getattr(model, "layers", ()):
        if isinstance(layer, keras.layers.LayerNormalization) and list(layer.axis) == [-1]:
            layer.axis = [len(layer.get_build_config()["input_shape"]) - 1]


def _place(error: Exception) -> str:
    """Return which layer hls4ml was reading when it failed, by the frames of its parser."""
    frames = [frame.f_locals for frame, _ in walk_tb(error.__traceback__)]
    layer = next((found["layer"] for found in frames if "out_tensors" in found), None)
    return "the network" if layer is None else f"layer '{layer.name}' ({type(layer).__name__})"


def check_size(weights: int) -> None:
    """Refuse networks that no FPGA holds, before hls4ml takes hours and all memory for them.

    Raises:
        EvaluationError: the network has more than `MOST_WEIGHTS` weights.
    """
    if weights > MOST_WEIGHTS:
        raise EvaluationError(
            FailureKind.INVALID_POINT,
            f"the network has {weights:,} weights; HLS backends take at most {MOST_WEIGHTS:,}",
            hint="no FPGA holds more on its chip: prune the network, or train a smaller one",
        )


_SCALED = "scale the data, or use BatchNormalization"
_INSTEAD = {
    "Normalization": _SCALED,
    "Rescaling": _SCALED,
    "GroupNormalization": "use BatchNormalization",
    "UnitNormalization": "use BatchNormalization",
    "Conv1DTranspose": "use UpSampling1D, then Conv1D",
    "Conv2DTranspose": "use UpSampling2D, then Conv2D",
}
"""What to write instead of layers that hls4ml does not know, by their class."""


def _unknown_layers(model: Any) -> str:
    """Return a hint that names the layers hls4ml has no handler for; empty if it has all."""
    from hls4ml.converters.keras_v3._base import registry

    known = {name.rpartition(".")[2] for name in registry}
    layers = [one for one in getattr(model, "layers", ()) if type(one).__name__ not in known]
    unknown = [f"{layer.name} ({type(layer).__name__})" for layer in layers]
    said = f"layers that hls4ml does not know: {', '.join(unknown)}"
    kinds = dict.fromkeys(type(layer).__name__ for layer in layers)
    instead = [f"instead of {kind} {_INSTEAD[kind]}" for kind in kinds if kind in _INSTEAD]
    return "; ".join((said, *instead, *broken_plugins())) if unknown else ""


def _entry(layer: Mapping[str, Any], legal: Mapping[str, str]) -> dict[str, Any]:
    """Return an entry under legal names, without what only names Keras objects."""
    skipped = {
        "module", "input_keras_tensor_names", "output_keras_tensor_names", INNER_TENSOR,
    }  # fmt: skip
    entry = {key: value for key, value in layer.items() if key not in skipped}
    entry["name"] = legal[layer["name"]]
    entry["inputs"] = [legal[name] for name in layer["inputs"]]
    return entry if entry["name"] == layer["name"] else entry | {OWN_NAME: layer["name"]}
