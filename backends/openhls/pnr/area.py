"""Commands of Yosys that map logic to few tables instead of short paths.

The script that Yosys gives ABC makes the longest path as short as it can be, here two or three
tables, and looks for tables to save only in what is shorter. The clock of such circuits is limited
by wires and carry chains: one level more saves up to a quarter of the tables, and the clock of six
designs for an ECP5 at 6 ns is no lower (docs/results/routed.md). Latches, which no circuit has, are
not mapped.
"""

_LEVELS = 4
"""Levels of tables between registers or carry chains up to which ABC saves tables; it takes more
only where it must."""

_SCRIPT = f"strash;&get,-n;&fraig,-x;&put;scorr;dc2;dretime;strash;dch,-f;if,-D,{_LEVELS};mfs2"
"""That of Yosys for tables of several widths, with a depth."""


def by_area(command: str, widths: str) -> str:
    """Return a family's commands with another mapping to tables.

    Args:
        command: such as ``synth_ecp5 -top {top}``.
        widths: option ``-lut`` of the command's own call of ABC.
    """
    tables = f'abc -dress -lut {widths} -script "+{_SCRIPT}"; clean'
    return f"{command} -run begin:map_luts; {tables}; {command} -run map_cells:"
