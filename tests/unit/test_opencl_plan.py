"""Plans, tiles and formats of the OpenCL program; no device is needed."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.modelgraph.kernel_plan import KernelPlan
from backends.modelgraph.network import Network
from backends.opencl import devices
from backends.opencl.backend import OpenclBackend
from backends.opencl.devices import Device, choose
from backends.opencl.events import batches, scatter
from backends.opencl.plan import make_plan
from backends.opencl.precision import Format, Stored, _integers, step, stored_weights
from backends.opencl.tiling import Tiling, round_up
from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.parameters import complete


def dense(name: str, source: str, n_in: int, n_out: int, rows: list[int], **more: Any) -> Any:
    return {
        "name": name,
        "class_name": "Dense",
        "inputs": [source],
        "input_shape": [[*rows, n_in]],
        "n_in": n_in,
        "n_out": n_out,
        "weight_data": np.ones((n_in, n_out), np.float32),
        **more,
    }


def given_input(name: str, *shape: int) -> Any:
    return {"name": name, "class_name": "InputLayer", "input_shape": list(shape), "inputs": []}


def mlp(*layers: Any) -> Network:
    return Network([given_input("x", 3), *layers], ["x"], [layers[-1]["name"]])


def test_an_activation_is_part_of_its_dense_layer() -> None:
    relu = {"name": "r", "class_name": "Activation", "activation": "relu", "inputs": ["d"]}
    plan = make_plan(mlp(dense("d", "x", 3, 4, []), relu))
    assert [(s.kernel, s.activation) for s in plan.steps] == [("dense", "relu")]
    assert plan.output == "d"
    assert plan.tables["d"].kind == "samples"
    assert plan.flops({"samples": 10, "nodes": 0, "edges": 0}) == 2 * 10 * 3 * 4


def test_a_dense_layer_that_two_read_keeps_its_own_table() -> None:
    relu = {"name": "r", "class_name": "Activation", "activation": "relu", "inputs": ["d"]}
    both = {"name": "a", "class_name": "Merge", "op": "add", "inputs": ["d", "r"]}
    plan = make_plan(mlp(dense("d", "x", 3, 4, []), relu, both))
    assert [s.kernel for s in plan.steps] == ["dense", "activate", "add"]


@pytest.mark.parametrize(
    ("layer", "says"),
    [
        ({"class_name": "Conv2D"}, r"'odd' \(Conv2D\): .*no kernel"),
        ({"class_name": "Activation", "activation": "elu"}, r"'odd' \(Activation elu\)"),
        ({"class_name": "Merge", "op": "multiply"}, r"'odd' \(Merge multiply\)"),
    ],
)
def test_an_unknown_layer_is_named(layer: dict[str, Any], says: str) -> None:
    with pytest.raises(EvaluationError, match=says) as caught:
        make_plan(mlp({"name": "odd", "inputs": ["x"], **layer}))
    assert caught.value.kind is FailureKind.INVALID_POINT


def test_what_is_not_by_row_is_refused() -> None:
    joined = {"name": "c", "class_name": "Concatenate", "inputs": ["x", "x"], "axis": 1}
    with pytest.raises(EvaluationError, match="cannot join along axis 1, only along features"):
        make_plan(mlp({**joined, "output_shape": [8, 4]}))
    assert make_plan(mlp({**joined, "output_shape": [6]})).tables["c"].features == 6
    shaped = {"name": "r", "class_name": "Reshape", "inputs": ["x"], "input_shape": [3]}
    with pytest.raises(EvaluationError, match="cannot change the number of features"):
        make_plan(mlp({**shaped, "target_shape": [3, 1]}))
    assert make_plan(mlp({**shaped, "target_shape": [1, 3]})).output == "x"


@pytest.fixture
def graph() -> KernelPlan:
    """One edge block: gathers write into the concatenation, the edges are copied."""
    layers = [
        given_input("nodes", 4, 3),
        given_input("edges", 5, 2),
        given_input("to", 5),
        {"name": "g", "class_name": "EdgeGather", "inputs": ["nodes", "to"],
         "n_nodes": 4, "n_edges": 5, "n_features": 3},
        {"name": "c", "class_name": "Concatenate", "inputs": ["edges", "g"]},
        dense("d", "c", 5, 1, [5]),
    ]  # fmt: skip
    return make_plan(Network(layers, ["nodes", "edges", "to"], ["d"]))


def test_gathers_write_into_their_concatenation(graph: KernelPlan) -> None:
    assert [(s.kernel, s.output, s.column) for s in graph.steps] == [
        ("gather", "c", 2),
        ("copy", "c", 0),
        ("dense", "d", 0),
    ]
    assert {name: table.kind for name, table in graph.tables.items()} == {
        "nodes": "nodes",
        "edges": "edges",
        "c": "edges",
        "d": "edges",
    }
    assert graph.no_node == 4


def test_padding_does_not_travel(graph: KernelPlan) -> None:
    index = np.array([[0, 2, 4, 4, 4], [1, 1, 1, 3, 4]], np.float32)
    nodes, edges = np.zeros((2, 4, 3), np.float32), np.zeros((2, 5, 2), np.float32)
    first, second = batches(graph, [nodes, edges, index], 1)
    assert first.rows == {"nodes": 3, "edges": 2, "samples": 1}
    assert second.rows == {"nodes": 4, "edges": 4, "samples": 1}
    (both,) = batches(graph, [nodes, edges, index], 2)
    assert both.rows == {"nodes": 7, "edges": 6, "samples": 2}
    assert both.index["to"].tolist() == [0, 2, 4, 4, 4, 6]
    rows = np.arange(6, dtype=np.float32)[:, None]
    assert scatter(graph, both, rows, 5)[..., 0].tolist() == [[0, 1, 0, 0, 0], [2, 3, 4, 5, 0]]


def test_sums_are_over_lists_by_node(graph: KernelPlan) -> None:
    index = np.array([[2, 0, 2, 1, 0]], np.float32)
    (event,) = batches(
        graph, [np.zeros((1, 4, 3), np.float32), np.zeros((1, 5, 2), np.float32), index], 1
    )
    order, starts = event.order["to"], event.starts["to"]
    lists = [order[a:b].tolist() for a, b in pairwise(starts)]
    assert lists == [[1, 4], [3], [0, 2]]


@given(
    columns=st.integers(1, 300),
    vector=st.sampled_from([1, 2, 4, 8, 16]),
    vectors=st.integers(1, 6),
    items=st.integers(1, 6),
)
def test_narrow_layers_get_narrow_tiles(
    columns: int, vector: int, vectors: int, items: int
) -> None:
    """Of any legal tiling: legal again, so that every column is written."""
    work_n = vector * vectors
    tiling = Tiling(
        tile_m=8,
        tile_n=work_n * items,
        tile_k=8,
        work_m=4,
        work_n=work_n,
        vector=vector,
        staged=True,
    )
    assert tiling.mistake() == ""
    found = tiling.for_columns(columns)
    assert found.mistake() == ""
    width = round_up(columns, found.tile_n)
    assert columns <= width < max(2 * columns, columns + tiling.tile_n)


@pytest.mark.parametrize(
    ("sizes", "says"),
    [
        ({"tile_m": 30, "work_m": 4}, "tile_m must be a multiple of work_m"),
        ({"tile_n": 24, "work_n": 16, "vector": 16}, "tile_n must be a multiple of work_n"),
        ({"work_n": 2, "vector": 4, "tile_n": 4}, "work_n must be a multiple of vector"),
    ],
)
def test_illegal_tiles_are_refused_before_anything_runs(sizes: dict[str, int], says: str) -> None:
    parameters = complete(OpenclBackend.parameters, sizes)
    with pytest.raises(ValueError, match=says):
        OpenclBackend().check(parameters)


@pytest.mark.parametrize(
    "sizes", [{}, {"vector": 4}, {"tile_m": 8}, {"work_m": 4}, {"work_n": 8}, {"tile_n": 16}]
)
def test_what_is_not_given_fits_what_is(sizes: dict[str, int]) -> None:
    OpenclBackend().check(complete(OpenclBackend.parameters, sizes))


@given(st.lists(st.floats(0, 100, width=32), min_size=1, max_size=50), st.booleans())
def test_integers_are_off_by_half_a_step_at_most(numbers: list[float], chars: bool) -> None:
    table = np.array(numbers, np.float32)[:, None]
    largest = 255 if chars else 2**15 - 1
    scales = step(table.max(axis=0), largest)
    stored = Stored(Format.UCHAR if chars else Format.SHORT, scales, largest)
    assert (np.abs(stored.real(stored.of(table)) - table) <= scales * 0.51).all()


def test_weights_have_a_scale_for_every_neuron() -> None:
    given = Stored(Format.UCHAR, np.full(2, 0.5, np.float32), 255)
    weights = np.array([[1.0, 100.0], [-0.5, 0.0]], np.float32)
    kept, factors = stored_weights(weights, given)
    assert kept.tolist() == [[127, 127], [-64, 0]]
    np.testing.assert_allclose(factors, [0.5 / 127, 50 / 127], rtol=1e-6)
    zero, _ = stored_weights(np.zeros((2, 1), np.float32), given)
    assert zero.tolist() == [[0], [0]]


@given(st.integers(1, 3000), st.integers(0, 10))
def test_no_sum_overflows_whatever_the_inputs(depth: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(depth, 3)).astype(np.float32) * [1, 0.01, 0]
    weights[:, 2] = 1  # the worst: all alike
    for chars in (False, True):
        given = _integers(np.ones(depth, np.float32), chars=chars)
        kept, _ = stored_weights(weights.astype(np.float32), given)
        assert np.abs(kept.astype(np.int64)).sum(axis=0).max() * given.largest < 2**31


def device(name: str) -> Device:
    return Device(
        name=name, driver="OpenCL 3.0", is_cpu=True, units=2, half=False, caches=True, handle=None
    )


def test_devices_are_chosen_by_parts_of_names(monkeypatch: pytest.MonkeyPatch) -> None:
    there = (device("Portable Computing Language:cpu-x"), device("NVIDIA CUDA:H100"))
    monkeypatch.setattr(devices, "devices", lambda: there)
    assert choose(None) is there[0]
    assert choose("nvidia:") is there[1]
    assert choose("h100") is there[1]
    assert choose("portable:cpu") is there[0]
    with pytest.raises(EvaluationError, match="no OpenCL device 'amd:'") as caught:
        choose("amd:")
    assert caught.value.kind is FailureKind.TOOL_MISSING
    assert "NVIDIA CUDA:H100" in caught.value.hint
