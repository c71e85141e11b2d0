"""Where a family of FPGAs wants registers, and how wide its multipliers are."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pipeline:
    """Rules by which registers are placed.

    Args:
        multiplier: signed operand widths of a DSP block.
        operands: whether multipliers have registers at their operands too, which their DSP block
            then takes in: the way from a shared multiplexer to all its multipliers gets a cycle
            of its own.
        products: registers behind a product beside the block's own, for the way out of it.
        reads: registers behind a table, beside that of the read itself: block RAM gives what it
            read late in the cycle.
        choices: values that a multiplexer of data chooses from between registers; 0 for any number.
    """

    multiplier: tuple[int, int] = (25, 18)
    operands: bool = False
    products: int = 0
    reads: int = 0
    choices: int = 0

    @property
    def cycles(self) -> int:
        """Latency of a product that one DSP block computes."""
        return 1 + int(self.operands) + self.products


DSP48E1 = Pipeline()
"""7 series and UltraScale. Widths are those of a DSP48E1 (UG479).

A DSP48E2 (UG579) takes 27 x 18, but cells are counted by Yosys for 7-series parts.
"""
