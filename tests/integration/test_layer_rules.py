"""Layers, one of a plug-in among them, held to csim and to simulated RTL."""

from collections.abc import Iterator
from importlib.metadata import EntryPoint
from typing import Any

import numpy as np
import pytest
from golden_designs import dense, given, spread
from numpy.typing import NDArray

from backends.modelgraph.layers import registry
from backends.modelgraph.network import Network
from backends.testing import LayerSuite


@pytest.fixture
def plugin_layer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installed package that brings the layer `Absolute`."""
    entry = EntryPoint("example", "dse_example.absolute:RULES", registry.LAYERS)
    monkeypatch.setattr(registry, "entry_points", lambda **_: [entry])
    registry.forget()
    yield
    registry.forget()


def vectors() -> list[NDArray[np.float32]]:
    return [spread(3, 32, 4, low=-6.0, high=6.0), spread(5, 32, 4, low=-6.0, high=6.0)]


class _Merge(LayerSuite):
    operation = ""

    def network(self) -> Network:
        merge = {"name": "both", "class_name": "Merge", "op": self.operation, "inputs": ["x", "y"]}
        return Network([given("x", 4), given("y", 4), merge], ["x", "y"], ["both"])

    def inputs(self) -> list[NDArray[Any]]:
        return list(vectors())


class TestAdd(_Merge):
    operation = "add"


class TestSubtract(_Merge):
    operation = "subtract"


@pytest.mark.usefixtures("plugin_layer")
class TestLayerOfAPlugin(LayerSuite):
    def network(self) -> Network:
        absolute = {"name": "magnitude", "class_name": "Absolute", "n_in": 3, "inputs": ["hidden"]}
        layers = [given("x", 4), dense("hidden", "x", 4, 3), absolute]
        return Network(layers, ["x"], ["magnitude"])

    def inputs(self) -> list[NDArray[Any]]:
        return vectors()[:1]
