"""Every layer family in small networks: csim, bittrue, estimate and simulated circuits."""

import shutil
from pathlib import Path

import needs
import pytest
import zoo
from zoo_walk import Zoo, convert, hold, icarus

pytestmark = [needs.compiler, needs.simulator]

WRONG_SIMULATION = pytest.mark.xfail(
    shutil.which("iverilog") is None,
    reason="Verilator 5.006 computes sums over windows that are mostly padding wrongly; with "
    "Icarus Verilog the circuit equals bittrue",
    strict=False,
)

VARIANTS = {
    *("dense_without_bias", "dense_on_pixels", "einsum_over_rows", "norm_of_convolution"),
    *("norm_without_scale", "relu_of_negative_slope", "softmax_over_rows", "softmax_over_an_image"),
    *("tanh_between", "conv2d_two", "conv1d_pointwise_strides", "depthwise1d"),
    *("depthwise2d_strides", "separable1d_same", "average_pool1d", "max_pool1d_strides"),
    *("global_max1d", "permute_rows", "cropped1d", "padded1d", "upsampled1d", "smallest"),
    *("joined_rows", "joined_three", "lstm_relu", "shared_convolution", "heads_of_an_image"),
    *("two_heads", "attention_to_keys", "attention_to_rows", "q_bits_between"),
}
"""Networks of layers that another network of the zoo has too; three seconds of a core each."""

fast_simulator = pytest.fixture(icarus, scope="module", autouse=True)


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    return convert("zoo:convert", tmp_path_factory.mktemp("zoo"), list(zoo.NETWORKS))


def marks(name: str) -> list[pytest.MarkDecorator]:
    return [WRONG_SIMULATION] * (name == "padded2d_uneven") + [pytest.mark.slow] * (
        name in VARIANTS
    )


@pytest.mark.parametrize("name", [pytest.param(name, marks=marks(name)) for name in zoo.NETWORKS])
def test_backends_agree_or_refuse(name: str, converted: Zoo, tmp_path: Path) -> None:
    hold(name, converted, zoo.REFUSED, tmp_path)
