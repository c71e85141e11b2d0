"""Every layer family in small networks: csim, bittrue, estimate and simulated circuits.

Networks of our own, and, where the shared data are there, those of the families of hls4ml's own
tests. A representative part runs always, all of them with the slow tests.
"""

import re
from pathlib import Path

import needs
import pytest
import real_data
import zoo
from zoo_walk import settings_of, walk

from dse.runtime import isolated

FAST = [
    "norm_of_convolution", "separable2d_strides", "cropped2d", "residual", "two_heads",
    "q_norm", "transformer", "global_max1d", "dot", "joined_channels", "shared_dense",
    "bidirectional_lstm", "elu_of_half", "gru_of_sequences", "hard_sigmoid", "leaky_relu",
    "lstm_relu", "prelu", "q_bits_between", "selu", "sigmoid_between", "softplus",
    "softsign", "average_pool1d", "average_pool2d_same", "depthwise1d",
    "depthwise2d_strides", "max_pool1d_strides", "max_pool2d_uneven", "permute_image",
    "separable1d_same", "upsampled1d", "upsampled2d_uneven", "averaged", "cropped1d",
    "embedded", "joined_rows", "joined_three", "largest", "multiplied", "padded1d",
    "smallest", "simple_rnn",
]  # fmt: skip
"""A part that has every kind of layer, activation and padding of the whole at least once."""

SHARED_REFUSED = {
    "act_exponential": "hls4ml's code of activation.* does not compile",
    "act_gelu": "hls4ml's code of activation.* does not compile",
    "act_silu": "hls4ml's code of activation.* does not compile",
    "layernorm": r"\(LayerNormalization\) is converted wrongly.*hls4ml's table",
    "qkeras_auto_alpha": "quantised weights have a scale that is no power of two",
    "qkeras_binary": "no fixed-point type matches the activation binary_tanh",
    "simplernn": r"\(SimpleRNN\): hls4ml reads it, but has no firmware for it",
}
"""What refusals say of the shared networks that hls4ml cannot do rightly."""

_SUPPORT = [Path(zoo.__file__).parent]

pytestmark = [needs.compiler, needs.simulator]


def made(folder: Path, names: list[str]) -> dict[str, str]:
    """Make and convert networks in a process of its own; return what refusals say."""
    refused: dict[str, str] = isolated.call(
        "zoo:convert", folder, names, log=folder / "log", folders=_SUPPORT
    )
    return refused


Zoo = tuple[Path, dict[str, str]]


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    folder = tmp_path_factory.mktemp("zoo")
    return folder, made(folder, FAST)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    folder = tmp_path_factory.mktemp("zoo")
    return folder, made(folder, list(zoo.NETWORKS))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    """The shared networks; their tool fails to write one, by an error of Keras."""
    tool = real_data.real_tool("network_zoo.py")
    folder = tmp_path_factory.mktemp("shared_zoo")
    refused: dict[str, str] = isolated.call(
        "zoo:convert_written", tool, folder, log=folder / "log", folders=_SUPPORT
    )
    return folder, refused


def check(name: str, made: Zoo, expected: dict[str, str], folder: Path) -> None:
    """Walk a network, or hold its refusal to the one expected."""
    source, refused = made
    if name in expected:
        assert re.search(expected[name], refused[name])
        return
    assert name not in refused, refused[name]
    network, inputs, settings = zoo.load(source, name), zoo.given(source, name), settings_of(name)
    walk(network, inputs, settings, folder, source / "cache")


@pytest.mark.parametrize("name", FAST)
def test_a_part_of_the_zoo(name: str, part: Zoo, tmp_path: Path) -> None:
    check(name, part, zoo.REFUSED, tmp_path)


WRONG_SIMULATION = pytest.mark.xfail(
    reason="Verilator 5.006 computes sums over windows that are mostly padding wrongly; with "
    "Icarus Verilog the circuit equals bittrue",
    strict=False,
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=WRONG_SIMULATION) if name == "padded2d_uneven" else name
        for name in zoo.NETWORKS
    ],
)
def test_the_whole_zoo(name: str, whole: Zoo, tmp_path: Path) -> None:
    check(name, whole, zoo.REFUSED, tmp_path)


@pytest.mark.slow
def test_the_shared_zoo(shared: Zoo, tmp_path: Path) -> None:
    folder, refused = shared
    assert refused.keys() == SHARED_REFUSED.keys()
    names = sorted(path.parent.name for path in folder.glob("*/layers.json"))
    assert len(names) + len(refused) >= 61
    for name in (*names, *refused):
        check(name, shared, SHARED_REFUSED, tmp_path / name)
