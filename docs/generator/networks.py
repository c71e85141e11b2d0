"""The page of layers: which backend has which, from the registry of the layers' rules."""

from hls4ml.model.layers import layer_map

from backends.modelgraph.activation_functions import FUNCTIONS
from backends.modelgraph.layers.registry import all_rules, set_up_hls4ml
from backends.modelgraph.layers.rules import WALKERS, LayerRules
from generator.markdown import code, generated, table

_WHAT = (
    "A network is evaluated by a backend that has a rule for each of its layers. `csim`, `vitis` "
    "and `vivado` take whatever hls4ml converts; the others are in the table. A layer without a "
    "rule is refused by name, with the backends that have one; so is a setting of a layer that "
    "hls4ml's firmware does not have."
)
_NOTE = (
    "The names are hls4ml's, which are mostly those of Keras. Layers that only exist during "
    "training, such as Dropout, are gone after the conversion. The columns are for io_parallel, "
    "save the last two for [streams](backends/open.md#streams). Reshapes that flatten stream too; "
    "recurrent layers have one cell for all time steps, and stream where they give the last state. "
    "`MultiHeadAttention` becomes `EinsumDense`, `Einsum` and `Softmax`, which are taken by all "
    "backends that have these: see [layers](backends/index.md#layers). Layers of other "
    "packages join the table where they are installed: see [a layer](extending.md#a-layer)."
)


_INSERTED = {"Input", "Repack", "Clone"}
"""Nodes that hls4ml puts into a graph beside the network's layers."""


def page() -> str:
    """Return the page with the table of layers by backend."""
    set_up_hls4ml()
    backends = (*WALKERS, "opencl")
    rows = [
        (
            ", ".join(map(code, names)),
            *("yes" if _has(rules, name) else "no" for name in backends),
            *("yes" if has else "no" for has in _streams(rules)),
        )
        for rules in all_rules()
        if (names := _names(rules))
    ]
    streamed = ("`bittrue`, io_stream", "`open`, `estimate`, io_stream")
    body = table(("Layer", *map(code, backends), *streamed), rows)
    functions = ", ".join(map(code, sorted(FUNCTIONS)))
    listed = f"`Activation` has {functions} and `ternary_tanh` (`opencl`: relu, sigmoid and tanh)."
    return generated("Layers and backends", _WHAT, f"{body}\n{listed}\n\n{_NOTE}")


def _has(rules: LayerRules, backend: str) -> bool:
    """Whether a layer has the rule that a backend needs."""
    if backend == "opencl":
        return rules.kernels is not None
    return getattr(rules, WALKERS[backend]) is not None


def _streams(rules: LayerRules) -> tuple[bool, bool]:
    """Whether a layer has a value, and a circuit with its cost, in a stream."""
    circuit = rules.stream is not None
    return rules.value is not None and (circuit or rules.same_in_streams), circuit


def _names(rules: LayerRules) -> list[str]:
    """Return the names that a layer has in hls4ml's layer list; empty for inputs."""
    classes = {layer.__name__ for layer in layer_map.values()} & set(rules.class_names)
    if set(rules.class_names) & _INSERTED:
        return []
    return sorted(name for name, layer in layer_map.items() if layer.__name__ in classes)
