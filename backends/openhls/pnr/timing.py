"""Where circuits of a family have registers: from its delays and the clock that is asked for.

`delays.csv` has what small circuits take after place and route, by family and speed grade, in ns;
benchmarks/delays.py writes it.
"""

import csv
import math
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from backends.modelgraph.rtl.pipeline import Delays, Pipeline
from backends.openhls.pnr.family import Target

TABLE = "backends/openhls/pnr/delays.csv"

CROWDED = 2.0
"""How much longer paths of a network are than those of small circuits, whose cells lie together."""


_CHOICES = range(2, 5)
"""Bits that may select between two registers: more inputs lie too far apart."""


class Row(NamedTuple):
    """Delays of a family at a speed grade, in ns, nets included.

    Args:
        family: its name.
        speed: the grade as `Family.speed` finds it.
        register: clock to output and set-up together.
        table: a look-up table.
        chain: the way into a carry chain and out of it.
        carry: a bit of a carry chain.
        multiplier: a DSP block without registers; that of 18 bits.
        memory: a block RAM, from the clock edge of a read.
    """

    family: str
    speed: str
    register: float
    table: float
    chain: float
    carry: float
    multiplier: float
    memory: float


@cache
def rows() -> dict[tuple[str, str], Row]:
    """Return the table by family and speed grade."""
    text = files("backends.openhls.pnr").joinpath("delays.csv").read_text()
    found = [
        Row(line["family"], line["speed"], *(float(line[name]) for name in Row._fields[2:]))
        for line in csv.DictReader(text.splitlines())
    ]
    return {(row.family, row.speed): row for row in found}


def pipeline(target: Target, clock_period_ns: float) -> Pipeline:
    """Return where circuits for a device have registers, to reach a clock.

    Args:
        target: the device with its speed grade.
        clock_period_ns: the period that is asked for.
    """
    row = rows()[target.family.name, target.speed]
    budget = clock_period_ns / CROWDED - row.register
    return replace(
        target.family.pipeline,
        operands=row.multiplier > budget,
        reads=int(row.memory + row.table > budget),
        choices=_choices(budget, row.table),
        delays=Delays(row.table, 4, row.carry, 1, row.chain, reset=0.0),
        budget=budget,
    )


def _choices(budget: float, table: float) -> int:
    """Return the inputs of a multiplexer between registers: a table for every bit that selects."""
    bits = math.floor(budget / table)
    return 1 << min(max(bits, _CHOICES.start), _CHOICES.stop - 1)
