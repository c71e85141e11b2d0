"""Where a family of FPGAs wants registers, and how wide its multipliers are."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Delays:
    """What logic between two registers takes, in the unit of `Pipeline.budget`.

    Args:
        table: a look-up table with the net behind it.
        inputs: its inputs.
        carry: a cell of a carry chain.
        carry_bits: bits of such a cell.
        enter: the way into a carry chain and out of it.
        reset: a look-up table in front of the reset of a register, by which Yosys may saturate.
    """

    table: float = 1.0
    inputs: int = 6
    carry: float = 1.0
    carry_bits: int = 4
    enter: float = 1.0
    reset: float = 1.0

    def chain(self, bits: int) -> float:
        """Return the time of a sum or a comparison of two numbers."""
        return self.enter + -(-bits // self.carry_bits) * self.carry

    def against_constant(self, bits: int) -> float:
        """Return the time of a comparison with a constant: a table compares several bits."""
        return self.chain(-(-bits // self.inputs))

    def gate(self, inputs: int) -> float:
        """Return the time of a tree of look-up tables with so many inputs."""
        tables = 0
        while inputs > 1:
            inputs, tables = -(-inputs // self.inputs), tables + 1
        return tables * self.table


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
        delays: what logic takes.
        budget: what the logic between two registers may take together. One sum or one
            comparison is never divided.
    """

    multiplier: tuple[int, int] = (25, 18)
    operands: bool = False
    products: int = 0
    reads: int = 0
    choices: int = 0
    delays: Delays = Delays()
    budget: float = 6.0

    @property
    def cycles(self) -> int:
        """Latency of a product that one DSP block computes."""
        return 1 + int(self.operands) + self.products


DSP48E1 = Pipeline(choices=32)
"""7 series and UltraScale: six levels of look-up tables, multiplexers and carry blocks.

Widths are those of a DSP48E1 (UG479). A DSP48E2 (UG579) takes 27 x 18, but cells are counted by
Yosys for 7-series parts.
"""
