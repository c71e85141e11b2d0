"""Conformance suite of layers: compare the rules of a layer with each other and with csim.

Example:
    >>> class TestAbsolute(LayerSuite):
    ...     def network(self) -> Network:
    ...         return Network([...], ["x"], ["magnitude"])
    ...
    ...     def inputs(self) -> list[NDArray[np.float32]]:
    ...         return [np.linspace(-9, 9, 64, dtype=np.float32).reshape(16, 4)]
"""

import shutil
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from hls4ml.model import ModelGraph
from hls4ml.model.layers import layer_map
from numpy.typing import NDArray

from backends.hls4ml.csim import compiled, run_library
from backends.hls4ml.estimate.network_cost import layer_costs, total
from backends.modelgraph.builder import build_graph, write_project
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.layers.registry import broken_plugins, set_up_hls4ml
from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings
from backends.openhls.lower import lower
from backends.openhls.simulate import simulate


class LayerSuite(ABC):
    """Tests of a layer's value, cost and RTL rules on one small network that contains it."""

    settings: ClassVar[tuple[Settings, ...]] = (
        Settings(16, 6),
        Settings(8, 3),  # values overflow, and wrap
        Settings(10, 4, rounding="RND", overflow="SAT", granularity="name"),
        Settings(12, 5, rounding="RND_CONV", overflow="SAT_SYM", granularity="name"),
    )
    """Number formats to test; together they cover rounding, wrapping and saturation."""

    @abstractmethod
    def network(self) -> Network:
        """Return hls4ml's layer list of a small network that contains the layer."""

    @abstractmethod
    def inputs(self) -> list[NDArray[Any]]:
        """Return an array of shape (samples, …) for every input of the network, in order."""

    def _graph(self, settings: Settings, folder: Path) -> ModelGraph:
        set_up_hls4ml()
        unknown = sorted({layer["class_name"] for layer in self.network().layers} - set(layer_map))
        install = "install the package whose entry point in dse.layers names them: pip install -e ."
        message = f"there are no rules for {', '.join(unknown)}: {install}"
        assert not unknown, "; ".join((message, *broken_plugins()))
        return build_graph(self.network(), settings, folder)[0]

    @pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
    def test_values_are_those_of_compiled_firmware(self, tmp_path: Path) -> None:
        """The value rule gives the outputs of hls4ml's C++, bit for bit."""
        for number, settings in enumerate(self.settings):
            folder = tmp_path / str(number)
            graph = self._graph(settings, folder)
            expected = evaluate(graph, self.inputs()).outputs
            write_project(graph)
            library = compiled(folder, tmp_path / "cache", tmp_path / "log")
            found = run_library(library, graph, self.inputs())
            np.testing.assert_array_equal(found, expected, err_msg=str(settings))

    @pytest.mark.skipif(shutil.which("verilator") is None, reason="verilator is not installed")
    def test_simulated_rtl_gives_the_values(self, tmp_path: Path) -> None:
        """The RTL in Verilator gives the outputs of the value rule, bit for bit."""
        for number, settings in enumerate(self.settings):
            graph = self._graph(settings, tmp_path / "project")
            expected = evaluate(graph, self.inputs()).outputs
            circuit, text = lower(graph)
            names = [variable.name for variable in graph.get_input_variables()]
            given = dict(zip(names, self.inputs(), strict=True))
            found = simulate(circuit, text, given, tmp_path / str(number), tmp_path / "cache")
            shaped = found.outputs.reshape(expected.shape)
            np.testing.assert_array_equal(shaped, expected, err_msg=str(settings))

    def test_every_layer_has_a_cost(self, tmp_path: Path) -> None:
        """Resource counts and depth are not negative, and the interval is at least one cycle."""
        for settings in self.settings:
            graph = self._graph(settings, tmp_path)
            cost = total(graph, layer_costs(graph))
            assert min(cost.lut, cost.ff, cost.dsp, cost.bram_18k) >= 0
            assert cost.depth >= 0
            assert cost.interval >= 1
