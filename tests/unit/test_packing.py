"""Registers that move into DSP blocks, in small netlists."""

import json
from pathlib import Path
from typing import Any

from backends.openhls.pnr.ecp5 import ECP5
from backends.openhls.pnr.family import Family
from backends.openhls.pnr.nexus import NEXUS
from backends.openhls.pnr.pack import pack

CLOCK = 2


def flip_flop(d: int, q: int, **more: str) -> dict[str, Any]:
    parameters = {"CEMUX": "1 ", "CLKMUX": "CLK", **more}
    ports = {"DI": "input", "CLK": "input", "LSR": "input", "Q": "output"}
    connections = {"DI": [d], "CLK": [CLOCK], "LSR": ["0"], "Q": [q]}
    return {"type": "TRELLIS_FF", "parameters": parameters, "port_directions": ports,
            "connections": connections}  # fmt: skip


def table(output: int, *inputs: int) -> dict[str, Any]:
    names = "ABCD"[: len(inputs)]
    return {
        "type": "LUT4",
        "parameters": {},
        "port_directions": {**dict.fromkeys(names, "input"), "Z": "output"},
        "connections": {n: [bit] for n, bit in zip(names, inputs, strict=True)} | {"Z": [output]},
    }


def multiplier(a: int | str, b: int | str, p: int) -> dict[str, Any]:
    return {
        "type": "MULT18X18D",
        "parameters": {},
        "port_directions": {"A0": "input", "A1": "input", "B0": "input", "P0": "output"},
        "connections": {"A0": [a], "A1": ["0"], "B0": [b], "P0": [p]},
    }


def packed(
    tmp_path: Path, cells: dict[str, Any], output: int, family: Family = ECP5
) -> tuple[int, dict[str, Any]]:
    """What is packed of a netlist with inputs 3, 4 and one output."""
    ports = {
        "clk": {"direction": "input", "bits": [CLOCK]},
        "x": {"direction": "input", "bits": [3, 4]},
        "y": {"direction": "output", "bits": [output]},
    }
    file = tmp_path / "netlist.json"
    file.write_text(json.dumps({"modules": {"m": {"ports": ports, "cells": cells}}}))
    assert family.block is not None
    assert family.flip_flop is not None
    count = pack(file, family.block, family.flip_flop)
    found: dict[str, Any] = json.loads(file.read_text())["modules"]["m"]["cells"]
    return count, found


CELLS = {
    "fa": flip_flop(3, 13),
    "fb": flip_flop(4, 14),
    "m": multiplier(13, 14, 15),
    "fp": flip_flop(15, 16),
    "t": table(17, 16),
}


def test_operands_and_product(tmp_path: Path) -> None:
    count, found = packed(tmp_path, CELLS, 17)
    assert count == 1
    assert set(found) == {"m", "t"}
    cell = found["m"]
    assert (cell["connections"]["A0"], cell["connections"]["B0"]) == ([3], [4])
    assert (cell["connections"]["P0"], cell["connections"]["CLK0"]) == ([16], [CLOCK])
    assert cell["connections"]["A1"] == ["0"]
    assert {cell["parameters"][f"REG_{one}_CLK"] for one in ("INPUTA", "INPUTB", "OUTPUT")} == {
        "CLK0"
    }


def test_a_register_that_others_read_stays_and_is_copied(tmp_path: Path) -> None:
    count, found = packed(tmp_path, {**CELLS, "t": table(17, 16, 13)}, 17)
    assert count == 1
    assert set(found) == {"m", "t", "fa"}
    assert found["m"]["connections"]["A0"] == [3]


def test_a_product_that_others_read_keeps_its_register(tmp_path: Path) -> None:
    _, found = packed(tmp_path, {**CELLS, "t": table(17, 16, 15)}, 17)
    assert "fp" in found
    assert "REG_OUTPUT_CLK" not in found["m"]["parameters"]
    assert "REG_INPUTA_CLK" in found["m"]["parameters"]


def test_a_register_with_an_enable_stays(tmp_path: Path) -> None:
    cells = {**CELLS, "fa": flip_flop(3, 13, CEMUX="CE")}
    _, found = packed(tmp_path, cells, 17)
    assert {"fa", "fb"} <= set(found)  # both operands have registers, or none
    assert "REG_INPUTB_CLK" not in found["m"]["parameters"]
    assert "REG_OUTPUT_CLK" in found["m"]["parameters"]


def test_a_product_that_is_an_output_is_not_touched(tmp_path: Path) -> None:
    count, found = packed(tmp_path, {"m": multiplier(3, 4, 15)}, 15)
    assert count == 0
    assert found["m"]["parameters"] == {}


def test_a_block_with_buses_and_constants_of_nexus(tmp_path: Path) -> None:
    ports = {"D": "input", "CK": "input", "CD": "input", "SP": "input", "Q": "output"}

    def register(d: int, q: int, enable: str | int = "1") -> dict[str, Any]:
        connections = {"D": [d], "CK": [CLOCK], "CD": ["0"], "SP": [enable], "Q": [q]}
        return {"type": "FD1P3IX", "parameters": {}, "port_directions": ports,
                "connections": connections}  # fmt: skip

    block = {
        "type": "MULT18X18",
        "parameters": {"REGINPUTA": "BYPASS"},
        "port_directions": {"A": "input", "B": "input", "Z": "output"},
        "connections": {"A": [13, 13, "0"], "B": [14], "Z": [15, 99]},
    }
    cells = {"fa": register(3, 13), "fb": register(4, 14), "m": block, "fp": register(15, 16)}
    _, found = packed(tmp_path, cells, 16, NEXUS)
    assert set(found) == {"m"}
    cell = found["m"]
    assert (cell["connections"]["A"], cell["connections"]["B"]) == ([3, 3, "0"], [4])
    assert cell["connections"]["Z"] == [16, 99]
    assert cell["connections"]["CEA"] == ["1"]
    assert set(cell["parameters"].values()) == {"REGISTER"}
    # an enable that is a signal; registers that Yosys has moved itself
    assert set(packed(tmp_path, {**cells, "fa": register(3, 13, 4)}, 16, NEXUS)[1]) == {
        "m", "fa", "fb",
    }  # fmt: skip
    moved = {**block, "parameters": {"REGOUTPUT": "REGISTER"}}
    assert set(packed(tmp_path, {**cells, "m": moved}, 16, NEXUS)[1]) == {*cells}
