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
    "training, such as Dropout, are gone after the conversion. The table is for io_parallel; which "
    "layers `open` streams is said in [streams](backends/open.md#streams). Layers of other "
    "packages join the table where they are installed: see [a layer](extending.md#a-layer)."
)


def page() -> str:
    """Return the page with the table of layers by backend."""
    set_up_hls4ml()
    backends = (*WALKERS, "opencl")
    rows = [
        (", ".join(map(code, names)), *("yes" if _has(rules, name) else "no" for name in backends))
        for rules in all_rules()
        if (names := _names(rules))
    ]
    body = table(("Layer", *map(code, backends)), rows)
    functions = ", ".join(map(code, sorted(FUNCTIONS)))
    listed = f"`Activation` has {functions} and `ternary_tanh` (`opencl`: relu, sigmoid and tanh)."
    return generated("Layers and backends", _WHAT, f"{body}\n{listed}\n\n{_NOTE}")


def _has(rules: LayerRules, backend: str) -> bool:
    """Whether a layer has the rule that a backend needs."""
    if backend == "opencl":
        return rules.kernels is not None
    return getattr(rules, WALKERS[backend]) is not None


def _names(rules: LayerRules) -> list[str]:
    """Return the names that a layer has in hls4ml's layer list; empty for inputs."""
    classes = {layer.__name__ for layer in layer_map.values()} & set(rules.class_names)
    if rules.class_names == ("Input",):
        return []
    return sorted(name for name, layer in layer_map.items() if layer.__name__ in classes)
