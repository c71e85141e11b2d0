"""Registry of the layers' rules: those of the families in this package, and of plug-ins."""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint
from typing import Any

from backends.modelgraph.layers import (
    activations,
    convolution,
    dense,
    einsum,
    graph,
    inputs,
    keep_alive,
    layer_normalisation,
    merge,
    normalisation,
    parametrised,
    per_value,
    pooling,
    recurrent,
    shape,
    softmax,
    spatial,
)
from backends.modelgraph.layers.rules import WALKERS, KernelRules, LayerRules, refused
from dse.contracts.entries import entry_points
from dse.contracts.errors import ToolMissingError
from dse.contracts.registry import BROKEN, LAYERS

_FAMILIES = (
    inputs, dense, convolution, einsum, pooling, spatial, normalisation, layer_normalisation,
    activations, parametrised, per_value, softmax, merge, shape, recurrent, graph,
    keep_alive,
)  # fmt: skip


@cache
def _plugins() -> tuple[tuple[LayerRules, ...], tuple[str, ...]]:
    """Return the rules that installed packages bring, and what is wrong with the other packages."""
    rules: list[LayerRules] = []
    broken = []
    for entry in entry_points(group=LAYERS):
        try:
            rules += _rules(entry)
        except BROKEN as error:
            broken.append(f"the layers '{entry.name}' ({entry.value}) cannot be loaded: {error}")
    return tuple(rules), tuple(broken)


def _rules(entry: EntryPoint) -> tuple[LayerRules, ...]:
    rules = tuple(entry.load())
    if not all(isinstance(rule, LayerRules) for rule in rules):
        raise TypeError("the entry point names no tuple of LayerRules")
    return rules


@cache  # reading the metadata of all packages takes 10 ms, as long as an evaluation
def plugins_installed() -> tuple[str, ...]:
    """Return what of the installed packages can change a conversion: their layers and versions."""
    entries = entry_points(group=LAYERS)
    named = (f"{e.name} = {e.value} {e.dist.version if e.dist else ''}".strip() for e in entries)
    return (*sorted(named), *broken_plugins())


def broken_plugins() -> tuple[str, ...]:
    """Return a sentence for each installed package whose layers cannot be loaded.

    Only networks with these layers need them, so they are a warning, and part of the error for a
    layer that is not known.
    """
    return _plugins()[1]


@cache
def all_rules() -> tuple[LayerRules, ...]:
    """Return the rules of every layer; the first call imports the plug-ins.

    Raises:
        ToolMissingError: two rules have one class name.
    """
    rules = (*(rule for family in _FAMILIES for rule in family.RULES), *_plugins()[0])
    names = [name for rule in rules for name in rule.class_names]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        message = f"two layers have the class name {', '.join(twice)}"
        raise ToolMissingError(message, hint="remove one of the packages that define them")
    return rules


@cache
def _by_class() -> Mapping[str, LayerRules]:
    """Return the rules by class name in the ModelGraph."""
    return {name: rule for rule in all_rules() for name in rule.class_names}


@cache
def kernel_rules() -> Mapping[str, KernelRules]:
    """Return the OpenCL rules by class name in hls4ml's layer list."""
    found = (rule.kernels for rule in all_rules())
    return {name: kernels for kernels in found if kernels for name in kernels.class_names}


def rules_for(node: Any) -> LayerRules:
    """Return the rules of a node; without any where its layer is not known."""
    return _by_class().get(node.class_name, LayerRules(class_names=()))


def rules_of(node: Any, walker: str) -> LayerRules:
    """Return the rules of a node, with the rule that a walker needs.

    Args:
        node: of the ModelGraph.
        walker: a key of `WALKERS`.

    Raises:
        EvaluationError: the node's layer has no such rule; the hint names the walkers with one.
    """
    rules = rules_for(node)
    if getattr(rules, WALKERS[walker]) is None:
        able = [name for name, rule in WALKERS.items() if getattr(rules, rule) is not None]
        others = f"{', '.join((*able, 'csim'))} can evaluate it; or use other layers"
        hint = "; ".join((*broken_plugins(), others))
        raise refused(node, walker, "has no rule for this layer", hint)
    return rules


@cache
def set_up_hls4ml() -> None:
    """Register the layers that hls4ml lacks with it; repeated calls do nothing."""
    for rules in all_rules():
        if rules.set_up is not None:
            rules.set_up()


def import_keras_handlers() -> None:
    """Import the handlers of the Keras layers that hls4ml cannot read by itself."""
    for module in filter(None, (rules.keras_handlers for rules in all_rules())):
        import_module(module)


def forget() -> None:
    """Empty the caches, so that the next call looks for plug-ins again; for tests."""
    for cached in (_plugins, plugins_installed, all_rules, _by_class, kernel_rules, set_up_hls4ml):
        cached.cache_clear()
