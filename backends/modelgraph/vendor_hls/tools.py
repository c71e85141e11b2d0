"""The vendor tools whose reports are predicted, and the published results that rules come from."""

from dataclasses import dataclass
from typing import Literal

from backends.modelgraph.vendor_hls.multipliers import (
    VITIS_2021_1_DSP,
    VIVADO_2020_1,
    MultiplierRule,
)

RULE_SET = 2
"""Version of the rules and coefficients; raised with every change of a predicted number."""

Multipliers = Literal["dsp", "fabric"]


@dataclass(frozen=True)
class VendorTool:
    """A version of a vendor's C synthesis.

    Args:
        name: value of the parameter ``tool``.
        hls4ml: hls4ml's name of the backend that writes projects for it.
        rule: when it takes a DSP slice.
        device: what the published designs were synthesised for.
        designs: published results that its rules come from.
        source: their origin.
    """

    name: str
    hls4ml: str
    rule: MultiplierRule
    device: str
    designs: int
    source: str


VIVADO = VendorTool(
    "vivado_hls-2020.1",
    "Vivado",
    VIVADO_2020_1,
    "xcu250",
    819,
    "single dense layers, Vivado HLS 2020.1, xcu250, 5 ns "
    "(Dendendelen/wa-hls4ml-search @8e70542, Apache-2.0)",
)
VITIS_2021 = VendorTool(
    "vitis_hls-2021.1",
    "Vitis",
    VITIS_2021_1_DSP,
    "xc7z007s",
    23,
    "4 multilayer perceptrons, Vitis HLS 2021.1, xc7z007s, 3.33 and 5 ns, config_op mul "
    "(ArgyKokk/hls4ml_MLP_estimator @72e2e22)",
)
VITIS_2023 = VendorTool(
    "vitis_hls-2023.2",
    "Vitis",
    MultiplierRule("vitis_hls-2023.2", 8, "37 stacks of dense layers (jdweitz/wa-hls4ml @2e49d33)"),
    "xcu250",
    37,
    "stacks of 2 and 3 dense layers, Vitis HLS 2023.2, xcu250, 5 ns (jdweitz/wa-hls4ml @2e49d33)",
)

TOOLS = {tool.name: tool for tool in (VIVADO, VITIS_2021, VITIS_2023)}
"""By name."""


@dataclass(frozen=True)
class Target:
    """What a layer is synthesised with.

    Args:
        tool: the tool.
        clock_ns: requested clock period.
        multipliers: what ``config_op mul -impl`` says; only Vitis HLS 2021.1 has published
            results with it, and these only with it.
    """

    tool: VendorTool
    clock_ns: float = 5.0
    multipliers: Multipliers = "dsp"
