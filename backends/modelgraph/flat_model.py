"""Write models inside a Keras model as layers of one flat model, which is all that hls4ml reads."""

from collections import Counter
from typing import Any


def flattened(model: Any) -> Any:
    """Return a Keras model that computes the same, without functional models inside it.

    A layer of an inner model is called ``<model>_<layer>``. A model that is applied several times
    comes as often, with a number in its names: hardware has one copy for every use.

    Args:
        model: functional or sequential model; any other is returned as it is.
    """
    import keras

    outer = functional_of(model)
    if outer is None or not any(functional_of(layer) for layer in outer.layers):
        return model
    inputs = outer.inputs if len(outer.inputs) > 1 else outer.inputs[0]  # as it will be called
    return keras.Model(inputs, _Flattening().through(outer, outer.inputs, ""))


def functional_of(layer: Any) -> Any:
    """Return the graph of tensors of a functional or sequential model; None for other layers."""
    from keras.src.models import Functional  # Keras shows it under no public name

    found = getattr(layer, "_functional", layer)  # a Sequential keeps it there
    return found if isinstance(found, Functional) else None


class _Flattening:
    """One walk through a model and the models inside it.

    Args:
        uses: how often each name of an inner model has been used.
    """

    def __init__(self) -> None:
        self.uses: Counter[str] = Counter()

    def through(self, model: Any, tensors: Any, prefix: str) -> Any:
        """Apply the layers of a functional model to tensors; return its outputs.

        Args:
            model: the model.
            tensors: its inputs.
            prefix: what its layers' names get, empty for the outermost model.
        """
        import keras

        copies: dict[int, Any] = {}  # a layer that the model uses twice stays one layer

        def call(layer: Any, *given: Any, **more: Any) -> Any:
            inner = functional_of(layer)
            if inner is not None:
                return self.through(inner, given[0], self._prefix(f"{prefix}{layer.name}"))
            if not prefix or not isinstance(layer, keras.layers.Layer):
                return layer(*given, **more)
            if id(layer) not in copies:
                copies[id(layer)] = _copy(layer, f"{prefix}{layer.name}")
            outputs = copies[id(layer)](*given, **more)
            copies[id(layer)].set_weights(layer.get_weights())
            return outputs

        return model._run_through_graph(tensors, call_fn=call)  # noqa: SLF001  (no public way)

    def _prefix(self, name: str) -> str:
        self.uses[name] += 1
        return f"{name}_" if self.uses[name] == 1 else f"{name}_{self.uses[name]}_"


def _copy(layer: Any, name: str) -> Any:
    """Return a layer of the same settings under another name; its weights come with its call."""
    config = {**layer.get_config(), "name": name}
    return type(layer).from_config(config)
