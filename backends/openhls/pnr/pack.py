"""Move flip-flops into the DSP blocks that they stand before and behind.

Yosys maps a multiplication to a DSP block but leaves its registers outside, so that a clock cycle
would have to cover the way into the block, the multiplication, and the way out of it.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Cell = dict[str, Any]


@dataclass(frozen=True)
class Block:
    """A DSP block with registers.

    Args:
        kinds: its cells.
        operands: ports of the operands; bits may be ports of their own, as in ``A0``.
        product: port of the product.
        registers: parameters that turn the registers of each of these ports on.
        fixed: further connections of a block with registers.
        clock: its clock.
        ties: ports whose constants nextpnr connects by wires, from one place of the chip.
    """

    kinds: tuple[str, ...]
    operands: tuple[str, ...]
    product: str
    registers: Mapping[str, Mapping[str, str]]
    fixed: Mapping[str, str]
    clock: str
    ties: tuple[str, ...] = ()


@dataclass(frozen=True)
class FlipFlop:
    """A flip-flop that can be moved: without enable and reset.

    Args:
        kind: its cell.
        data: port of its input.
        clock: port of its clock.
        plain: connections or parameters that it must have, None for one it must not have.
    """

    kind: str
    data: str
    clock: str
    plain: Mapping[str, str | None]


def pack(netlist: Path, block: Block, flip_flop: FlipFlop) -> int:
    """Move registers into DSP blocks in a netlist of Yosys; return how many blocks have some.

    Args:
        netlist: JSON, changed in place.
        block: the DSP block.
        flip_flop: the flip-flop.
    """
    design = json.loads(netlist.read_text())
    packed = 0
    for module in design["modules"].values():
        if any(cell["type"] in block.kinds for cell in module["cells"].values()):
            packed += _Packer(module, block, flip_flop).run()
    netlist.write_text(json.dumps(design))
    return packed


class _Packer:
    """Packing of one module."""

    def __init__(self, module: Mapping[str, Any], block: Block, flip_flop: FlipFlop) -> None:
        self.cells: dict[str, Cell] = module["cells"]
        self.block, self.flip_flop = block, flip_flop
        self.of_output: dict[int, Cell] = {}
        self.of_input: dict[int, list[Cell]] = defaultdict(list)
        self.readers: dict[int, int] = defaultdict(int)
        for cell in self.cells.values():
            self._index(cell)
        for port in module["ports"].values():
            self._read(port["bits"])

    def run(self) -> int:
        """Pack every block and remove flip-flops that nothing reads any more."""
        blocks = [cell for cell in self.cells.values() if cell["type"] in self.block.kinds]
        packed = sum([self._pack(cell) for cell in blocks])
        self._sweep()
        return packed

    def _index(self, cell: Cell) -> None:
        directions = cell["port_directions"]
        for port, bits in cell["connections"].items():
            if directions[port] == "input":
                self._read(bits)
        if self._plain(cell):
            (q,), (d,) = cell["connections"]["Q"], cell["connections"][self.flip_flop.data]
            self.of_output[q] = cell
            self.of_input[d].append(cell)

    def _read(self, bits: list[int | str]) -> None:
        for bit in bits:
            if isinstance(bit, int):
                self.readers[bit] += 1

    def _plain(self, cell: Cell) -> bool:
        """Whether a cell is a flip-flop that has neither enable nor reset."""
        if cell["type"] != self.flip_flop.kind:
            return False
        connected = {port: bits[0] for port, bits in cell["connections"].items() if bits}
        given = {**cell["parameters"], **connected}
        return all(
            given.get(name) in ((None, "0") if value is None else (value,))
            for name, value in self.flip_flop.plain.items()
        )

    def _pack(self, cell: Cell) -> bool:
        """Move the registers of all operands, and of the product, into a block.

        One that has some already, which newer versions of Yosys move themselves, stays.
        """
        if self._has_registers(cell):
            return False
        clocks: set[int] = set()
        moved = [self._operand(cell, port, clocks) for port in self.block.operands]
        done = all(moved) and len(clocks) == 1
        if done:
            for operand in self.block.operands:
                self._take(cell, operand)
        if self._product(cell, clocks if done else set()):
            done = True
        if done:
            (clock,) = clocks
            cell["connections"][self.block.clock] = [clock]
            cell["port_directions"][self.block.clock] = "input"
            for port, value in self.block.fixed.items():
                cell["connections"][port] = [value]
                cell["port_directions"][port] = "input"
        return done

    def _has_registers(self, cell: Cell) -> bool:
        on = [item for given in self.block.registers.values() for item in given.items()]
        return any(cell["parameters"].get(name) == value for name, value in on)

    def _bits(self, cell: Cell, port: str) -> Iterator[tuple[tuple[str, int], int | str]]:
        """Yield the connected bits of a bus with their places: name of the port, and number."""
        names = [port] if port in cell["connections"] else self._numbered(cell, port)
        for name in names:
            for number, bit in enumerate(cell["connections"][name]):
                yield (name, number), bit

    def _numbered(self, cell: Cell, port: str) -> Iterator[str]:
        number = 0
        while (name := f"{port}{number}") in cell["connections"]:
            yield name
            number += 1

    def _operand(self, cell: Cell, port: str, clocks: set[int]) -> bool:
        """Whether every bit of an operand is a constant or comes from a plain flip-flop."""
        bits = [bit for _, bit in self._bits(cell, port) if isinstance(bit, int)]
        drivers = [self.of_output.get(bit) for bit in bits]
        found = [driver for driver in drivers if driver is not None]
        clocks |= {driver["connections"][self.flip_flop.clock][0] for driver in found}
        return bool(found) and len(found) == len(drivers)

    def _take(self, cell: Cell, port: str) -> None:
        """Connect an operand to the inputs of its flip-flops."""
        for (name, number), bit in list(self._bits(cell, port)):
            if isinstance(bit, int):
                data = self.of_output[bit]["connections"][self.flip_flop.data]
                self.readers[bit] -= 1
                self._read(data)
                cell["connections"][name][number] = data[0]
        cell["parameters"].update(self.block.registers[port])

    def _product(self, cell: Cell, clocks: set[int]) -> bool:
        """Move the product's register, where all its bits go to plain flip-flops alone."""
        used = [
            (place, bit)
            for place, bit in self._bits(cell, self.block.product)
            if isinstance(bit, int) and self.readers[bit]
        ]
        behind = {bit: self.of_input.get(bit, []) for _, bit in used}
        alone = all(len(behind[bit]) == 1 == self.readers[bit] for _, bit in used)
        every = [one for ones in behind.values() for one in ones]
        found = {one["connections"][self.flip_flop.clock][0] for one in every}
        if not used or not alone or len(found | clocks) != 1:
            return False
        clocks |= found
        for (name, number), bit in used:
            (q,) = behind[bit][0]["connections"]["Q"]
            behind[bit][0]["connections"][self.flip_flop.data] = ["0"]
            cell["connections"][name][number] = q
            behind[bit][0]["connections"]["Q"] = []
        cell["parameters"].update(self.block.registers[self.block.product])
        return True

    def _sweep(self) -> None:
        """Remove flip-flops whose output nothing reads."""
        for name, cell in list(self.cells.items()):
            if cell["type"] == self.flip_flop.kind:
                output = cell["connections"]["Q"]
                if not output or not self.readers[output[0]]:
                    del self.cells[name]
