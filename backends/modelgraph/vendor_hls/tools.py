"""The vendor tools whose reports are predicted, and the published results that rules come from."""

from dataclasses import dataclass, replace
from typing import Literal

from backends.modelgraph.part_names import is_xilinx
from backends.modelgraph.vendor_hls.multipliers import (
    VITIS_2021_1_DSP,
    VITIS_2023_2,
    VIVADO_2020_1,
    MultiplierRule,
)

RULE_SET = 5
"""Version of the rules and coefficients; raised with every change of a predicted number."""

SLOW_NS = 5.0
"""Slowest clock period of the published results."""

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
        rules_of: name of another version whose rules it takes; empty for its own.
    """

    name: str
    hls4ml: str
    rule: MultiplierRule
    device: str
    designs: int
    source: str
    rules_of: str = ""


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
    VITIS_2023_2,
    "xcu250",
    37,
    "stacks of 2 and 3 dense layers, Vitis HLS 2023.2, xcu250, 5 ns (jdweitz/wa-hls4ml @2e49d33)",
)
VIVADO_2019 = VendorTool(
    "vivado_hls-2019",
    "Vivado",
    VIVADO_2020_1,
    "xcu250",
    9,
    "rules of vivado_hls-2020.1; its slices agree with routed jet taggers at 9 precisions, Vivado "
    "2019.1, xcvu13p, 5 ns (uw-acme/HLS4ML_VS_MANUAL @6478cf0)",
    rules_of="vivado_hls-2020.1",
)

TOOLS = {tool.name: tool for tool in (VIVADO_2019, VIVADO, VITIS_2021, VITIS_2023)}
"""By name."""

NEWEST = VITIS_2023
"""The tool that is meant where a study names none, and its part is of the vendor."""


def newest_for(part: object) -> VendorTool | None:
    """Return the newest tool for a part; None where the vendor's tools are not for it."""
    return NEWEST if is_xilinx(part) else None


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

    @property
    def faster(self) -> float:
        """By how much the clock is faster than the slowest published one, as a share."""
        return max(SLOW_NS / self.clock_ns - 1.0, 0.0)

    @property
    def rules(self) -> "Target":
        """The target whose rules are taken: itself, or another version of the tool."""
        return replace(self, tool=TOOLS[self.tool.rules_of]) if self.tool.rules_of else self
