"""Registry of the layers' rules: those of the families in this package, and of plug-ins."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from backends.modelgraph.layers import (
    activations,
    convolution,
    dense,
    einsum,
    graph,
    inputs,
    layer_normalisation,
    merge,
    normalisation,
    parametrised,
    pooling,
    recurrent,
    shape,
    softmax,
    spatial,
)
from backends.modelgraph.layers.rules import WALKERS, KernelRules, LayerRules, refused
from dse.contracts.errors import ToolMissingError

LAYERS = "dse.layers"
"""Entry points of this group name a tuple of `LayerRules`, such as ``my_package.square:RULES``."""

_FAMILIES = (
    inputs, dense, convolution, einsum, pooling, spatial, normalisation, layer_normalisation,
    activations, parametrised, softmax, merge, shape, recurrent, graph,
)  # fmt: skip


def _of_plugins() -> Iterator[LayerRules]:
    """Yield the rules that the entry points of installed packages name."""
    for entry in entry_points(group=LAYERS):
        try:
            rules = tuple(entry.load())
        except (ImportError, AttributeError, TypeError) as error:
            raise ToolMissingError(
                f"the layers '{entry.name}' cannot be loaded: {error}",
                where=entry.value,
                hint="the entry point names a tuple of LayerRules; install what its package "
                "needs, or remove the package",
            ) from error
        yield from rules


@cache
def all_rules() -> tuple[LayerRules, ...]:
    """Return the rules of every layer; the first call imports the plug-ins.

    Raises:
        ToolMissingError: a plug-in cannot be loaded, or two rules have one class name.
    """
    rules = (*(rule for family in _FAMILIES for rule in family.RULES), *_of_plugins())
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


def rules_of(node: Any, walker: str) -> LayerRules:
    """Return the rules of a node, with the rule that a walker needs.

    Args:
        node: of the ModelGraph.
        walker: a key of `WALKERS`.

    Raises:
        EvaluationError: the node's layer has no such rule; the hint names the walkers with one.
    """
    rules = _by_class().get(node.class_name, LayerRules(class_names=()))
    if getattr(rules, WALKERS[walker]) is None:
        able = [name for name, rule in WALKERS.items() if getattr(rules, rule) is not None]
        others = f"{', '.join((*able, 'csim'))} can evaluate it; or use other layers"
        raise refused(node, walker, "has no rule for this layer", others)
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
    for cached in (all_rules, _by_class, kernel_rules, set_up_hls4ml):
        cached.cache_clear()
