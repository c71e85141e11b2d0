"""Rules of layers are found by class name, and what is missing is said."""

from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from golden_designs import activation, given

from backends.hls4ml.estimate.network_cost import layer_costs
from backends.modelgraph.builder import build_graph
from backends.modelgraph.layers import registry
from backends.modelgraph.layers.merge import RULES as MERGE
from backends.modelgraph.layers.registry import all_rules, rules_of
from backends.modelgraph.layers.rules import WALKERS, LayerRules
from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings
from backends.opencl.plan import make_plan
from backends.openhls.lower import lower
from dse.contracts.errors import EvaluationError, FailureKind, ToolMissingError

Install = Callable[[str], None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a package whose entry point has this value."""

    def installed(value: str) -> None:
        entry = EntryPoint("example", value, registry.LAYERS)
        monkeypatch.setattr(registry, "entry_points", lambda **_: [entry])
        registry.forget()

    yield installed
    registry.forget()


class Node:
    """What a walker shows of a layer."""

    name = "odd_one"

    def __init__(self, class_name: str) -> None:
        self.class_name = class_name

    def get_attr(self, key: str, default: object = None) -> object:
        return default


def test_every_layer_but_an_input_has_a_value() -> None:
    """`bittrue` is given the values of inputs."""
    lacking = {name for rules in all_rules() for name in rules.class_names if rules.value is None}
    assert lacking == {"Input"}


@pytest.mark.parametrize("walker", WALKERS)
def test_a_layer_that_nobody_knows_goes_to_csim(walker: str) -> None:
    with pytest.raises(EvaluationError, match=rf"'odd_one' \(Conv3D\): {walker} ") as caught:
        rules_of(Node("Conv3D"), walker)
    assert caught.value.kind is FailureKind.INVALID_POINT
    assert "csim" in caught.value.hint


OWN_RULES = (LayerRules(class_names=("Halved",), cost=MERGE[0].cost),)
TAKEN_RULES = (LayerRules(class_names=("Merge",)),)


def test_the_walkers_that_have_a_rule_are_named(install: Install) -> None:
    install(f"{__name__}:OWN_RULES")
    assert rules_of(Node("Halved"), "estimate").cost is MERGE[0].cost
    with pytest.raises(EvaluationError, match="bittrue has no rule") as caught:
        rules_of(Node("Halved"), "bittrue")
    assert "estimate, csim can" in caught.value.hint


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("no_such_package:RULES", "No module named 'no_such_package'"),
        (f"{__name__}:NO_SUCH_RULES", "NO_SUCH_RULES"),
        (__name__, "'module' object is not iterable"),
        ("json:__all__", "names no tuple of LayerRules"),
    ],
)
def test_a_broken_package_is_a_warning_and_named_for_an_unknown_layer(
    install: Install, tmp_path: Path, value: str, says: str
) -> None:
    install(value)
    network = Network([given("x", 4), activation("a", "relu", "x", n_in=4)], ["x"], ["a"])
    graph, warnings = build_graph(network, Settings(), tmp_path)
    assert layer_costs(graph)
    assert [text for text in warnings if f"'example' ({value})" in text and says in text]
    with pytest.raises(EvaluationError) as caught:
        rules_of(Node("Halved"), "bittrue")
    assert says in caught.value.hint
    odd = activation("odd", "relu", "x", n_in=4) | {"class_name": "Halved"}
    with pytest.raises(EvaluationError, match=says):
        make_plan(Network([given("x", 4), odd], ["x"], ["odd"]))


def test_two_packages_with_one_layer_are_an_error(install: Install) -> None:
    install(f"{__name__}:TAKEN_RULES")
    with pytest.raises(ToolMissingError, match="two layers have the class name Merge") as caught:
        all_rules()
    assert caught.value.hint


WALKS: dict[str, Callable[[Any], Any]] = {
    "estimate": layer_costs,
    "open": lower,
}


@pytest.mark.parametrize("walker", ["estimate", "open"])
def test_an_activation_without_a_rule_is_named(walker: str, tmp_path: Path) -> None:
    network = Network([given("x", 4), activation("odd", "gelu", "x", n_in=4)], ["x"], ["odd"])
    graph, _ = build_graph(network, Settings(), tmp_path)
    with pytest.raises(EvaluationError, match=rf"'odd' .*{walker} .*'gelu'"):
        WALKS[walker](graph)
