"""Values of layers on sequences and images, against plain NumPy loops and by hand."""

from functools import partial
from pathlib import Path
from typing import Any

import image_layers as layers
import numpy as np
import pytest
import random_images
from golden_designs import dense, given
from numpy.typing import NDArray

from backends.modelgraph.builder import build_graph
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.network import Network
from backends.modelgraph.settings import Settings
from backends.openhls.lower import lower
from dse.contracts.errors import EvaluationError, FailureKind

RNG = partial(np.random.default_rng, 3)


def outputs(network: Network, x: Any, folder: Path, settings: Settings) -> NDArray[np.float64]:
    graph, _ = build_graph(network, settings, folder)
    return evaluate(graph, [np.asarray(x, dtype=np.float32)]).outputs


def alone(layer: Any, shape: tuple[int, ...]) -> Network:
    """A network of one layer on an input called ``x``."""
    return Network([given("x", *shape), layer], ["x"], [layer["name"]])


@pytest.mark.parametrize("granularity", ["name", "model"])
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("make", [random_images.image, random_images.sequence])
def test_wide_types_give_the_values_of_plain_loops(
    make: Any, seed: int, granularity: str, tmp_path: Path
) -> None:
    network, shape = make(seed)
    x = random_images.inputs(shape, seed, samples=5)
    found = outputs(network, x, tmp_path, Settings(48, 20, granularity=granularity))
    expected = layers.reference(network, x.astype(np.float64))[network.outputs[0]]
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_causal_convolutions_see_no_later_steps(tmp_path: Path) -> None:
    layer, _ = layers.convolution("c", "x", (6, 1), RNG(), size=(3,), stride=(1,), padding="causal")
    x = np.zeros((1, 6, 1))
    x[0, 4] = 1
    found = outputs(alone(layer, (6, 1)), x, tmp_path, Settings(32, 12))[0] - layer["bias_data"]
    np.testing.assert_allclose(found[:4], 0, atol=1e-5)
    np.testing.assert_allclose(found[4], layer["weight_data"][2, 0], atol=1e-5)


def mean_of(numbers: list[float], types: dict[str, str], folder: Path) -> float:
    shape = (len(numbers), 1)
    layer, _ = layers.pooling(
        "p", "x", shape, kind="Average", size=(len(numbers),), stride=(len(numbers),)
    )
    settings = Settings(16, 8, layer_precision={"p": types})
    return outputs(alone(layer, shape), np.reshape(numbers, (1, *shape)), folder, settings).item()


@pytest.mark.parametrize(
    ("numbers", "accum", "mean"),
    [
        ([3.0, 4.0], "fixed<8,8>", 3.0),
        ([-3.0, -4.0], "fixed<8,8>", -3.0),  # of integers, as in C++: not the floor, -4
        ([-3.0, -4.0], "fixed<8,8,RND,SAT>", -3.0),
        ([0.5, 0.5, 0.5, 0.5], "fixed<8,8,TRN,SAT>", 0.0),  # every sum is rounded, not the last
        ([0.5, 0.5, 0.5, 0.5], "fixed<8,8,RND,SAT>", 1.0),
        ([100.0, 100.0, -100.0], "fixed<8,8,TRN,SAT>", 9.0),  # (127 - 100) / 3
        ([100.0, 100.0, -100.0], "fixed<8,8,TRN,WRAP>", 33.0),
    ],
)
def test_means_round_as_integer_division(
    numbers: list[float], accum: str, mean: float, tmp_path: Path
) -> None:
    types = {"accum": accum, "result": "fixed<16,8>"}
    assert mean_of(numbers, types, tmp_path) == mean


def test_means_in_integers_are_refused(tmp_path: Path) -> None:
    """The firmware gives -22 for the mean of 1, -5 and 3 in int<6>."""
    with pytest.raises(EvaluationError, match=r"'p'.*means in int<6>") as caught:
        mean_of([1.0, -5.0, 3.0], {"accum": "int<6>"}, tmp_path)
    assert "fixed<W, W>" in caught.value.hint


@pytest.mark.parametrize(("kind", "border"), [("fixed<8,4>", 1.0), ("ufixed<8,4>", 8.0)])
def test_maxima_at_the_border_of_unsigned_data_are_hls4ml_s(
    kind: str, border: float, tmp_path: Path
) -> None:
    """Its padding is the lowest number of a signed type, which is 8 in ufixed<8,4>."""
    layer, _ = layers.pooling("p", "x", (3, 1), size=(3,), stride=(3,), padding="same")
    layer |= {"pad_left": 1, "pad_right": 2, "n_out": 2, "out_width": 2}
    settings = Settings(16, 8, layer_precision={"x": {"result": kind}})
    found = outputs(alone(layer, (3, 1)), np.ones((1, 3, 1)), tmp_path, settings)
    np.testing.assert_array_equal(found[0, :, 0], [border, border])


def test_a_kernel_that_does_not_fit_its_output_has_no_circuit(tmp_path: Path) -> None:
    layer, _ = layers.convolution("c", "x", (7, 2), RNG(), size=(3,), stride=(1,))
    graph, _ = build_graph(alone(layer, (7, 2)), Settings(16, 6), tmp_path)
    list(graph.get_layers())[-1].set_attr("filt_width", 2)  # as if it were dilated
    with pytest.raises(EvaluationError, match=r"'c'.*open cannot place its kernel"):
        lower(graph)


def refusal(layer: Any, shape: tuple[int, ...], folder: Path) -> str:
    with pytest.raises(EvaluationError) as caught:
        outputs(alone(layer, shape), np.ones((1, *shape)), folder, Settings(16, 6))
    assert caught.value.kind is FailureKind.INVALID_POINT
    return str(caught.value)


def test_what_the_firmware_does_not_compute_is_refused(tmp_path: Path) -> None:
    shape = (6, 6, 2)
    bilinear, _ = layers.upsampling("u", "x", shape, (2, 2))
    assert "interpolation 'bilinear'" in refusal(
        {**bilinear, "algorithm": "bilinear"}, shape, tmp_path
    )
    by_two, _ = layers.convolution("d", "x", shape, RNG(), kind="DepthwiseConv")
    by_two |= {"depthwise_data": np.ones((3, 3, 2, 2)), "depth_multiplier": 2, "n_filt": 4,
               "bias_data": np.ones(4)}  # fmt: skip
    assert "depth multiplier" in refusal(by_two, shape, tmp_path)
    dilated, _ = layers.convolution("c", "x", shape, RNG())
    assert "dilation" in refusal({**dilated, "out_height": 2, "out_width": 2}, shape, tmp_path)
    odd = layers.normalisation("n", "x", shape, RNG())
    assert "2 numbers in its scale" in refusal({**odd, "n_filt": 6}, shape, tmp_path)


def test_channels_first_is_refused(tmp_path: Path) -> None:
    layer, _ = layers.pooling("p", "x", (4, 4, 2))
    assert "channels_first" in refusal(
        {**layer, "data_format": "channels_first"}, (4, 4, 2), tmp_path
    )


def test_an_accumulator_of_32_bits_saturates(tmp_path: Path) -> None:
    """Its sums need more than 32 bits before they are limited, though no product does."""
    layer = dense("d", "x", 1, 1)
    layer |= {"weight_data": np.array([[4.0]]), "bias_data": np.array([32767.0])}
    types = {"weight": "fixed<4,4>", "bias": "fixed<32,16>", "accum": "fixed<32,16,TRN,SAT>",
             "result": "fixed<32,16>"}  # fmt: skip
    settings = Settings(8, 8, layer_precision={"d": types})
    found = outputs(alone(layer, (1,)), [[100.0]], tmp_path, settings)
    assert found == 2.0**15 - 2.0**-16
