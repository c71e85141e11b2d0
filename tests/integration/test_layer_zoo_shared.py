"""The layer families of hls4ml's own tests, in networks that a script beside the data writes."""

from pathlib import Path

import needs
import pytest
import real_data
from zoo_walk import Zoo, convert, hold, icarus

pytestmark = [needs.compiler, needs.simulator]

REFUSED = {
    "act_exponential": "hls4ml's code of activation.* does not compile",
    "act_gelu": "hls4ml's code of activation.* does not compile",
    "act_silu": "hls4ml's code of activation.* does not compile",
    "layernorm": r"\(LayerNormalization\) is converted wrongly.*hls4ml's table",
    "qkeras_auto_alpha": "quantised weights have a scale that is no power of two",
    "qkeras_binary": "no fixed-point type matches the activation binary_tanh",
    "simplernn": r"\(SimpleRNN\): hls4ml reads it, but has no firmware for it",
}
"""What refusals say of the networks that hls4ml cannot do rightly."""

WRITTEN = 61
"""Networks at least; the script fails to write one, by an error of Keras."""


fast_simulator = pytest.fixture(icarus, scope="module", autouse=True)


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    tool = real_data.real_tool("network_zoo.py")
    return convert("zoo:convert_written", tmp_path_factory.mktemp("zoo"), tool)


@pytest.mark.slow  # the gate walks the networks of test_layer_zoo.py
def test_backends_agree_or_refuse(
    converted: Zoo, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    names = sorted(path.parent.name for path in converted.folder.glob("*/layers.json"))
    assert converted.refused.keys() == REFUSED.keys()
    assert len(names) + len(REFUSED) >= WRITTEN
    for name in (*names, *REFUSED):
        with subtests.test(name):
            hold(name, converted, REFUSED, tmp_path / name)
