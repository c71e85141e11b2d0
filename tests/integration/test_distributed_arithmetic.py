"""Distributed arithmetic: additions equal products, in numbers, in csim and in circuits."""

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path

import image_layers as layers
import needs
import numpy as np
import pytest
import random_images
from golden_designs import given
from numpy.typing import NDArray

from backends.hls4ml.csim import compiled, run_outputs
from backends.hls4ml.estimate.network_cost import layer_costs, total
from backends.modelgraph.adder_graph import STRATEGY, AdderGraph, Term, adder_graph
from backends.modelgraph.builder import build_graph, write_project
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.fixed_point import FixedType, Tensor
from backends.modelgraph.network import Network
from backends.modelgraph.rtl.modules.distributed import DistributedSpec, distributed
from backends.modelgraph.settings import Settings
from backends.openhls import yosys
from backends.openhls.lower import lower
from backends.openhls.simulate import simulate
from dse.contracts.errors import EvaluationError, FailureKind

pytest.importorskip("da4ml", reason="da4ml is not installed")

Made = tuple[Network, tuple[int, ...]]

SETTINGS = {
    "model": Settings(16, 6, strategy=STRATEGY),
    "overflows": Settings(9, 3, strategy=STRATEGY, parallelization_factor=3),
    "name_rnd_sat": Settings(12, 5, "RND_CONV", "SAT", granularity="name", strategy=STRATEGY),
}


def images() -> Made:
    step = partial(partial, layers.convolution, rng=np.random.default_rng(3))
    shape = (4, 5, 2)
    return random_images.chain(
        shape,
        step(n_filt=3, size=(3, 2), padding="same"),
        step(kind="SeparableConv", n_filt=2, padding="same"),
        step(n_filt=2, size=(1, 1), stride=(2, 2)),
    ), shape


def vectors() -> Made:
    rng, shape = np.random.default_rng(4), (9,)

    def step(
        n_out: int, name: str, source: str, given: layers.Shape
    ) -> tuple[layers.Layer, layers.Shape]:
        return layers.dense(name, source, given, rng, n_out), (n_out,)

    return random_images.chain(shape, partial(step, 6), partial(step, 5)), shape


def products(graph: AdderGraph) -> NDArray[np.object_]:
    """The matrix that a graph of additions stands for, exactly."""
    rows: list[NDArray[np.object_]] = [
        np.array([Fraction(int(i == j)) for j in range(graph.inputs)], dtype=object)
        for i in range(graph.inputs)
    ]

    def value(term: Term | None) -> NDArray[np.object_]:
        if term is None:
            return np.array([Fraction(0)] * graph.inputs, dtype=object)
        return np.asarray(rows[term.node] * Fraction(2) ** term.shift * (-1) ** term.negative)

    for addition in graph.additions:
        rows += [value(addition.left) + value(addition.right)]
    return np.array([value(term) for term in graph.outputs], dtype=object).T


@pytest.mark.parametrize(("shape", "bits"), [((1, 1), 3), ((5, 4), 2), ((7, 9), 9), ((16, 8), 17)])
def test_the_graph_is_the_matrix(shape: tuple[int, int], bits: int) -> None:
    rng = np.random.default_rng(bits)
    matrix = rng.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), shape)
    matrix[:, rng.integers(shape[1])] = 0
    graph = adder_graph(matrix, FixedType(8, 3))
    assert (products(graph) == matrix).all()
    for addition in graph.additions:
        assert not addition.left.negative
        assert addition.level == 1 + max(
            graph.level(t.node) for t in (addition.left, addition.right)
        )


@needs.compiler
@needs.simulator
@pytest.mark.parametrize(
    ("made", "setting"),
    [
        (vectors, "name_rnd_sat"),
        (images, "overflows"),
        pytest.param(vectors, "model", marks=pytest.mark.slow),
        pytest.param(images, "model", marks=pytest.mark.slow),
    ],
)
def test_circuit_and_csim_are_bittrue(
    made: Callable[[], Made], setting: str, tmp_path: Path
) -> None:
    """csim is hls4ml's own code of additions."""
    (network, shape), settings = made(), SETTINGS[setting]
    graph, _ = build_graph(network, settings, tmp_path / "project")
    x = random_images.inputs(shape, 6)
    expected = evaluate(graph, [x]).outputs
    circuit, text = lower(graph, settings.parallelization_factor)
    cost = total(graph, layer_costs(graph))
    found = simulate(circuit, text, {"x": x}, tmp_path / "simulation", tmp_path / "cache")
    np.testing.assert_array_equal(found.outputs, expected)
    assert len(np.unique(expected)) > 30
    assert cost.interval == found.interval_cycles
    write_project(graph)
    library = compiled(tmp_path / "project", tmp_path / "cache", tmp_path / "log")
    np.testing.assert_array_equal(run_outputs(library, graph, [x])[0], expected)


@needs.synthesis
def test_look_up_tables_are_those_of_da4ml(tmp_path: Path) -> None:
    """Without multipliers; values that wait for others take shift registers, counted apart."""
    weight = Tensor(np.random.default_rng(5).integers(-128, 128, (16, 12)), 6)
    bias = Tensor(np.zeros(12, dtype=np.int64), 6)
    spec = DistributedSpec(weight, bias, FixedType(12, 4), FixedType(32, 16), None)
    counts = yosys.count(distributed(spec), "yosys", tmp_path)
    assert counts.dsp == 0
    assert counts.lut == pytest.approx(spec.graph.luts, rel=0.02)
    assert counts.lut + counts.srl == pytest.approx(spec.graph.luts, rel=0.1)


def test_sums_are_not_rounded(tmp_path: Path) -> None:
    """Products are exact until the result: with 3 fractional bits others would be lost."""
    weights = np.array([[0.125], [0.125]])
    layer = layers.dense("out", "x", (2,), np.random.default_rng(0), 1)
    layer |= {"weight_data": weights, "bias_data": np.zeros(1)}
    network = Network([given("x", 2), layer], ["x"], ["out"])
    x = np.array([[0.5, 0.5], [0.125, -0.5]])
    for strategy, expected in (("latency", [0.0, -0.125]), (STRATEGY, [0.125, -0.125])):
        graph, _ = build_graph(network, Settings(6, 3, strategy=strategy), tmp_path / strategy)
        assert evaluate(graph, [x]).outputs.ravel().tolist() == expected


def test_a_reuse_factor_is_refused(tmp_path: Path) -> None:
    network, _ = vectors()
    with pytest.raises(EvaluationError, match="no multipliers") as refused:
        build_graph(network, Settings(reuse_factor=2, strategy=STRATEGY), tmp_path)
    assert refused.value.kind is FailureKind.INVALID_POINT


def test_wide_weights_are_refused() -> None:
    with pytest.raises(EvaluationError, match="24 bits"):
        adder_graph(np.array([[1 << 24]]), FixedType(8, 3))
