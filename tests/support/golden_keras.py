"""Fixed designs as Keras models; runs in a process of its own, because it loads TensorFlow."""

from pathlib import Path
from typing import Any

import keras
from golden_designs import Design, Layer
from golden_results import Result, evaluated
from keras import layers

from backends.cpu.backend import CpuBackend


def save_model(design: Design, folder: Path) -> None:
    """Save a design where `cpu_outputs` looks for it.

    In a process of its own: the adapter sets TensorFlow's threads, which must come first.
    """
    (folder / "prepared").mkdir(parents=True, exist_ok=True)
    model_of(design).save(folder / "prepared" / "model.keras")


def cpu_outputs(design: Design, folder: Path) -> Result:
    """What the adapter `cpu` gives for a design."""
    return evaluated(CpuBackend(), design, folder, repeats=3, batch=8)


def model_of(design: Design) -> Any:
    """The Keras model of a layer list of dense layers, activations and merges."""
    tensors: dict[str, Any] = {}
    weights: dict[str, list[Any]] = {}
    for layer in design.network.layers:
        made = _keras_layer(layer)
        given = [tensors[name] for name in layer["inputs"]]
        tensors[layer["name"]] = made(given[0] if len(given) == 1 else given) if given else made
        if layer["class_name"] == "Dense":
            weights[layer["name"]] = [layer["weight_data"], layer["bias_data"]]
    network = design.network
    model = keras.Model([tensors[n] for n in network.inputs], tensors[network.outputs[0]])
    for name, values in weights.items():
        model.get_layer(name).set_weights(values)
    return model


def _keras_layer(layer: Layer) -> Any:
    name = layer["name"]
    match layer["class_name"]:
        case "InputLayer":
            return layers.Input(tuple(layer["input_shape"]), name=name)
        case "Dense":
            return layers.Dense(layer["n_out"], name=name)
        case "Merge":
            return {"add": layers.Add, "subtract": layers.Subtract}[layer["op"]](name=name)
        case "Concatenate":
            return layers.Concatenate(name=name)
        case _:
            return layers.Activation(layer["activation"], name=name)
