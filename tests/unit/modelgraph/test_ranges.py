"""Ranges of tensors, and the types that hold them."""

import re
from dataclasses import asdict, replace
from pathlib import Path

import golden_designs
import layer_samples
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.modelgraph.builder import build_graph
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.fixed_point import FixedType, quantise
from backends.modelgraph.ranges import TensorRange, fitting_type, fitting_types, measured
from backends.modelgraph.settings import Settings

_TYPE = re.compile(r"(u?)fixed<(\d+),(-?\d+),(\w+),(\w+)>")

numbers = st.floats(-1000, -1e-6) | st.just(0.0) | st.floats(1e-6, 1000)


def parsed(text: str) -> FixedType:
    found = _TYPE.fullmatch(text)
    assert found is not None
    sign, width, integer, rounding, overflow = found.groups()
    return FixedType(int(width), int(integer), not sign, rounding, overflow)


@given(numbers, numbers, st.integers(2, 24), st.sampled_from(["TRN", "RND", "RND_CONV"]))
def test_a_type_holds_its_range_with_the_fewest_integer_bits(
    one: float, other: float, width: int, rounding: str
) -> None:
    low, high = min(one, other, 0.0), max(one, other, 0.0)
    settings = Settings(total_bits=width, rounding=rounding)
    kind = parsed(fitting_type(TensorRange("a", "a", "result", low, high), settings))
    ends = np.array([low, high])
    assert kind.width == width
    assert kind.signed == (low < 0)
    assert quantise(ends, kind)[1] == 0
    if low or high:
        assert quantise(ends, replace(kind, integer=kind.integer - 1))[1]


def test_sums_get_bits_on_both_sides_of_the_point() -> None:
    plain, guarded = (
        parsed(
            fitting_type(TensorRange("a", "a", "accum", -3.0, 3.0, guard), Settings(total_bits=10))
        )
        for guard in (0, 4)
    )
    assert (guarded.width, guarded.integer) == (plain.width + 8, plain.integer + 4)


def profiled(name: str) -> tuple[golden_designs.Network, list[np.ndarray], list[TensorRange]]:
    network = replace(
        getattr(golden_designs, name)(),
        wide=asdict(
            Settings(
                total_bits=48,
                integer_bits=16,
                table_size=65536,
                table_precision="fixed<24,4>",
                layer_precision={"b": {"result": "fixed<40,7>"}},  # addresses a softmax's table
            )
        ),
    )
    inputs = [golden_designs.spread(3, 1200, 6, low=-4, high=4)]
    return network, inputs, measured(network, inputs)


def test_ranges_are_those_of_the_float_network() -> None:
    network, (x,), found = profiled("mlp")
    layers = {layer["name"]: layer for layer in network.layers}
    sums = x.astype(float) @ layers["a"]["weight_data"] + layers["a"]["bias_data"]
    by_kind = {(entry.layer, entry.kind): entry for entry in found}
    for kind in ("result", "accum"):
        assert by_kind["a", kind].low == pytest.approx(sums.min(), abs=1e-6)
        assert by_kind["a", kind].high == pytest.approx(sums.max(), abs=1e-6)
    assert by_kind["a_relu", "result"].low == 0
    assert by_kind["a", "weight"].high == layers["a"]["weight_data"].max()
    assert by_kind["x", "result"].low == x.min()
    assert {entry.layer for entry in found} == set(layers)


@pytest.mark.parametrize("name", ["mlp", "classifier"])
@pytest.mark.parametrize("bits", [6, 8, 12, 16])
def test_profiled_types_hold_the_values_and_are_closer(
    name: str, bits: int, tmp_path: Path
) -> None:
    network, inputs, found = profiled(name)
    uniform = Settings(total_bits=bits, integer_bits=3)
    types = replace(uniform, precision="profiled", profiled=fitting_types(found, uniform))
    exact = evaluate(build_graph(network, Settings(**network.wide), tmp_path)[0], inputs)
    errors = {}
    for label, settings in (("uniform", uniform), ("profiled", types)):
        result = evaluate(build_graph(network, settings, tmp_path)[0], inputs)
        errors[label] = np.abs(result.outputs - exact.outputs).mean()
        if label == "profiled":
            # in few bits, rounding itself moves some values out of range
            assert result.lost_share <= (0 if bits >= 12 else 0.005)
    assert errors["profiled"] < errors["uniform"]


@pytest.mark.parametrize("bits", [10, 14])
def test_layer_normalisation_takes_bits_for_its_sums_and_its_table(
    bits: int, tmp_path: Path
) -> None:
    """Against the formula; with uniform types the sums wrap and the table has 3 fractional bits."""
    layer = layer_samples.normalisation("n", 4, 8, axis=2)
    network = layer_samples.side_by_side(
        [layer_samples.given("x", 4, 8)], [layer_samples.Branch([layer], (4, 8))]
    )
    table = {"n": {"table": "ufixed<34,10>"}}
    network = replace(network, wide=asdict(Settings(48, 16, layer_precision=table)))
    x = golden_designs.spread(5, 300, 32, low=-1.5, high=1.5).reshape(-1, 4, 8)
    far = x - x.mean(axis=-1, keepdims=True, dtype=float)
    wanted = far / np.sqrt((far**2).mean(axis=-1, keepdims=True) + 1e-3)
    wanted = wanted * layer["gamma_data"] + layer["beta_data"]
    settings = Settings(total_bits=bits, integer_bits=3)
    types = replace(settings, profiled=fitting_types(measured(network, [x]), settings))
    result = evaluate(build_graph(network, types, tmp_path)[0], [x])
    assert result.lost_share == 0
    errors = np.abs(result.outputs.reshape(wanted.shape) - wanted)
    assert errors.max() < 2.0 ** (8 - bits)
