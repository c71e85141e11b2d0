"""Which multipliers of dse's circuits become DSP slices: by Yosys, or by a vendor's rules.

The rules are those of `backends.modelgraph.vendor_hls.multipliers`: a product with a constant takes
a slice from three signed digits on, and narrow products take none.
"""

from backends.modelgraph.part_names import is_xilinx
from backends.modelgraph.vendor_hls.multipliers import MultiplierRule
from backends.modelgraph.vendor_hls.tools import NEWEST, TOOLS
from dse.contracts.parameters import Assignment, Parameter

AUTO, YOSYS, VIVADO = "auto", "yosys", "vivado"

RULES: dict[str, MultiplierRule | None] = {
    YOSYS: None,
    **{name: tool.rule for name, tool in TOOLS.items()},
}
"""By name; None leaves the choice to Yosys, which puts nearly every multiplier into a slice."""

MULTIPLIERS = Parameter(
    "multipliers",
    str,
    AUTO,
    "which multipliers of dse's circuits are DSP slices: yosys: nearly all; the name of a vendor's "
    "tool: by its rules, which read the weights; vivado: the newest of them; auto: vivado for "
    "parts of Xilinx, else yosys",
    choices=(AUTO, YOSYS, VIVADO, *TOOLS),
)
"""Of the backends that make such circuits or count them."""


def slice_rule(parameters: Assignment) -> str:
    """Return the key of `RULES` that a job's parameters mean."""
    name = str(parameters["multipliers"])
    if name == AUTO:
        name = VIVADO if is_xilinx(parameters["part"]) else YOSYS
    return NEWEST.name if name == VIVADO else name


def least_bits(rule: MultiplierRule) -> int:
    """Return the width that the narrower of two variables needs for a slice.

    Weights of a circuit are cut to the bits they need, those of a vendor's tool are as wide as
    their type: the width of the type says nothing here, that of a constant does.
    """
    return min(rule.least_bits, rule.least_constant_bits)
