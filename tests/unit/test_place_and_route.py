"""What place and route reads and says: ordering codes, reports, logs, the fit, the spread."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from backends.openhls import toolchain
from backends.openhls.backend import OpenBackend
from backends.openhls.pnr import families, results, timing
from backends.openhls.pnr.constants import drive_constants, drive_near, settle_constants
from backends.openhls.pnr.ecp5 import ECP5
from backends.openhls.pnr.families import named_target, target_of
from backends.openhls.pnr.family import Family, taken
from backends.openhls.pnr.fit import check_fit
from backends.openhls.pnr.flow import Implemented
from backends.openhls.pnr.netlist import models, routed_verilog
from backends.openhls.pnr.ports import Port, ports_of, routed_ports, take_ports_away
from backends.openhls.pnr.route import Routed, _read, failure_of
from backends.openhls.toolchain import Tool
from dse.analysis.utilisation import capacity
from dse.contracts.errors import EvaluationError, FailureKind

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("part", "arguments"),
    [
        ("LFE5U-85F-8BG381C", "--85k --speed 8 --package CABGA381"),
        ("lfe5u-12f-6bg256i", "--12k --speed 6 --package CABGA256"),
        ("LFE5U-25F", "--25k --speed 6 --package CABGA381"),
        ("LFE5U-45F-7", "--45k --speed 7 --package CABGA381"),
        ("LFE5UM5G-85F-8BG756C", "--um5g-85k --speed 8 --package CABGA756"),
        ("LFE5UM-45F", "--um-45k --speed 6 --package CABGA381"),
        ("GW1NR-LV9QN88PC6/I5", "--device GW1NR-LV9QN88PC6/I5 --vopt family=GW1N-9C"),
        ("gw2ar-lv18qn88c8/i7", "--device GW2AR-LV18QN88C8/I7 --vopt family=GW2A-18C"),
        ("GW2A-LV18PG256C8/I7", "--device GW2A-LV18PG256C8/I7 --vopt family=GW2A-18"),
        ("GW5A-LV25MG121NC1/I0", "--device GW5A-LV25MG121NC1/I0 --vopt family=GW5A-25A"),
        ("LIFCL-40-9BG400C", "--device LIFCL-40-9BG400C"),
        ("lifcl-17", "--device LIFCL-17-7BG256C"),
    ],
)
def test_ordering_codes(part: str, arguments: str) -> None:
    target = target_of(part)
    assert target is not None
    assert " ".join(target.arguments) == arguments
    assert capacity(part).counts["dsp"] > 0
    assert (target.family.name, target.speed) in timing.rows()


def test_registers_follow_the_clock_and_the_speed_grade() -> None:
    fast = timing.pipeline(named_target("LFE5U-85F-8BG381C"), 6.0)
    # 6 ns: a multiplier of 5.2 ns and a block RAM of 4.1 ns leave no time for the way to them
    assert (fast.operands, fast.reads, fast.choices) == (True, 1, 8)
    slow = timing.pipeline(named_target("LFE5U-85F-8BG381C"), 20.0)
    assert (slow.operands, slow.reads, slow.choices) == (False, 0, 16)
    grades = [timing.pipeline(named_target(f"LFE5U-85F-{grade}"), 6.0) for grade in (6, 7, 8)]
    assert [grade.choices for grade in grades] == [4, 8, 8]
    budgets = [grade.budget for grade in grades]
    assert budgets == sorted(budgets)
    tables = [grade.delays.table for grade in grades]
    assert tables == sorted(tables, reverse=True)


def test_delays_are_those_of_the_page() -> None:
    page = (ROOT / "docs" / "backends" / "open.md").read_text()
    for row in timing.rows().values():
        shown = [f"{value:g}" if value else "–" for value in row[2:]]
        assert f"| {row.speed} | {' | '.join(shown)} |" in page


@pytest.mark.parametrize(
    "part",
    [
        "LFE5U-86F",
        "xcku115",
        "LFE5U-85F-9BG381C",
        "GW1N-LV18QN88C6/I5",
        "GW1NR-9",
        "LFCPNX-100",
        "",
    ],
)
def test_codes_that_are_none(part: str) -> None:
    assert target_of(part) is None


def test_what_cells_take() -> None:
    kinds = {"lut4": {"LUT4": 1, "CCU2C": 2}, "dsp": {"MULT9X9D": 0.5}}
    assert taken(kinds, {"LUT4": 3, "CCU2C": 2, "MULT9X9D": 3}) == {"lut4": 7, "dsp": 2}


def test_everything_that_runs_out_is_named() -> None:
    check_fit("LFE5U-25F", {"lut4": 24288, "ff": 24288, "dsp": 28, "bram_18k": 56})
    with pytest.raises(EvaluationError) as caught:
        check_fit("LFE5U-25F", {"lut4": 24300, "ff": 10, "dsp": 40, "bram_18k": 0})
    assert caught.value.kind is FailureKind.DOES_NOT_FIT
    assert "24,300 LUT4 of 24,288 (12 too many)" in caught.value.message
    assert "40 DSP multipliers of 28 (12 too many)" in caught.value.message


FAILED = EvaluationError(FailureKind.TOOL_FAILED, "nextpnr-ecp5 failed with exit code 255")
FULL = "Info: \t        TRELLIS_COMB:   30000/  24288   123%\n"
PLENTY = "Info: \t LUT4:   8000/  8640    92%\n"
ROOMY = "Info: \t        TRELLIS_COMB:   20000/  24288    82%\n"


@pytest.mark.parametrize(
    ("log", "kind", "says"),
    [
        (FULL, FailureKind.DOES_NOT_FIT, "30,000 TRELLIS_COMB of 24,288 (5,712 too many)"),
        (
            ROOMY + "ERROR: Unable to find legal placement for all cells, design is full\n",
            FailureKind.DOES_NOT_FIT,
            "cannot be placed (Unable to find legal placement for all cells, design is full)",
        ),
        (
            ROOMY + "ERROR: Failed to route arc 3 of net 'x'.\n",
            FailureKind.DOES_NOT_FIT,
            "fullest: 20,000 TRELLIS_COMB of 24,288",
        ),
        (
            PLENTY + "ERROR: Unable to find a placement location for cell\n",
            FailureKind.DOES_NOT_FIT,
            "fullest: 8,000 LUT4 of 8,640",
        ),
        ("ERROR: cannot open 'netlist.json'\n", FailureKind.TOOL_FAILED, "exit code 255"),
    ],
)
def test_logs_of_failed_runs(log: str, kind: FailureKind, says: str) -> None:
    error = failure_of(FAILED, log)
    assert error.kind is kind
    assert says in error.message


def step(kind: str, delay: float) -> dict[str, object]:
    return {"type": kind, "delay": delay}


def test_a_report(tmp_path: Path) -> None:
    path = [step("clk-to-q", 0.5), step("routing", 1.2), step("logic", 0.2), step("setup", 0.1)]
    report = {
        "fmax": {"clk": {"achieved": 500.0, "constraint": 200.0}},
        "utilization": {
            "TRELLIS_COMB": {"used": 7, "available": 9},
            "TRELLIS_FF": {"used": 5, "available": 9},
        },
        "critical_paths": [
            {"from": "<async>", "to": "posedge clk", "path": [step("routing", 90.0)]},
            {"from": "posedge clk", "to": "posedge clk", "path": path},
        ],
    }
    (tmp_path / "report.json").write_text(json.dumps(report))
    target = target_of("LFE5U-25F")
    assert target is not None
    run = _read(tmp_path, target, 4)
    assert (run.seed, run.fmax_mhz, run.levels) == (4, 500.0, 1)
    assert run.counts == {"lut4": 7, "ff": 5, "dsp": 0, "bram_18k": 0}
    assert run.path == {"clk-to-q": 0.5, "routing": 1.2, "logic": 0.2, "setup": 0.1}
    report["fmax"] = {}
    (tmp_path / "report.json").write_text(json.dumps(report))
    with pytest.raises(EvaluationError, match="no clock"):
        _read(tmp_path, target, 4)


def run(seed: int, fmax: float) -> Routed:
    return Routed(seed, fmax, {"lut4": 100 + seed}, 3, {}, Path())


def test_the_mean_over_seeds_with_its_interval() -> None:
    made = Implemented([run(2, 125.0), run(1, 100.0)], {3: "the design cannot be routed"})
    found = {metric.name: metric for metric in results.metrics(made, 10, 4, 9.0)}
    assert (found["seed"].value, found["routed"].value) == (2, pytest.approx(2 / 3))
    assert found["latency_ns"].value == pytest.approx(10 * (8 + 10) / 2)
    assert found["clock_slack_ns"].value == 0
    # t of 95 % with one degree of freedom is 12.706; the mean's error is 12.5 MHz
    assert found["fmax_mhz"].low == pytest.approx(112.5 - 12.706 * 12.5, rel=1e-3)
    assert results.metrics(Implemented([run(1, 100.0)], {}), 10, 4, 9.0)[4].low is None


def test_constants_and_buses_of_a_netlist(tmp_path: Path) -> None:
    cells = {
        "t": {
            "type": "TRELLIS_COMB",
            "parameters": {"MODE": "LOGIC", "INITVAL": "1010101010101010", "OTHER": "1"},
            "connections": {"A": [7], "B": [], "F": [8]},
        },
        "m": {
            "type": "MULT18X18D",
            "parameters": {"A0MUX": "1 ", "A1MUX": "0 "},
            "connections": {"A2": [8], "P1": [9]},
        },
    }
    ports: dict[str, Port] = {
        "x": {"direction": "input", "bits": [7]},
        "y": {"direction": "output", "bits": [9]},
    }
    file = tmp_path / "routed.json"
    file.write_text(json.dumps({"modules": {"top": {"ports": ports, "cells": cells}}}))
    text = routed_verilog(file, ports, ECP5)
    assert "module network (input wire [0:0] x, output wire [0:0] y);" in text
    assert ".MODE(\"LOGIC\"), .INITVAL(16'b1010101010101010)) u0 (.A({n7}), .B({1'b1})" in text
    assert f".A({{{', '.join(['1' + chr(39) + 'b0'] * 15)}, n8, 1'b0, 1'b1}})" in text
    assert "assign n9 = u1_P[1];" in text
    assert "assign n7 = x[0] === 1'b1;" in text


def test_constant_bits_of_an_output_are_those_of_the_mapped_netlist(tmp_path: Path) -> None:
    """Where an output is constant, nextpnr writes numbers of nets that are not there."""
    mapped, file = tmp_path / "mapped.json", tmp_path / "routed.json"
    given = {"y": {"direction": "output", "bits": ["1", 4, "x", "0"]}}
    mapped.write_text(json.dumps({"modules": {"top": {"ports": given}, "LUT4": {}}}))
    routed = {"y": {"direction": "output", "bits": [1177498969, 31, 791818585, 152143608]}}
    file.write_text(json.dumps({"modules": {"top": {"ports": routed, "cells": {}}}}))
    text = routed_verilog(file, ports_of(mapped, "top"), ECP5)
    found = [line.strip() for line in text.splitlines() if "assign y" in line]
    assert found == [
        "assign y[0] = 1'b1;", "assign y[1] = n31;", "assign y[2] = 1'b0;", "assign y[3] = 1'b0;",
    ]  # fmt: skip
    assert "1177498969" not in text


@pytest.mark.parametrize("family", families.FAMILIES, ids=lambda family: family.name)
def test_every_model_is_in_the_package(family: Family) -> None:
    """With the ports and parameters that netlists are written with."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (pattern,) = [
        one for one in project["tool"]["setuptools"]["package-data"]["backends"] if "models" in one
    ]
    assert Path(f"openhls/pnr/models/{family.name}.v").match(pattern)
    text = models(family.name)
    for kind, model in family.models.items():
        found = re.search(rf"^module {kind}\b(.*?)^endmodule", text, re.DOTALL | re.MULTILINE)
        assert found, kind
        for name in (*model.inputs, *model.outputs, *model.parameters):
            assert re.search(rf"\b{name}\b", found.group(1)), f"{kind}.{name}"


def test_a_netlist_without_ports_keeps_their_nets(tmp_path: Path) -> None:
    """For a nextpnr that wants a pin for each port; constants are known before."""
    ports = {
        "x": {"direction": "input", "bits": [2, 3]},
        "y": {"direction": "output", "bits": [4, 5]},
    }
    cells = {
        "low": {"type": "VLO", "connections": {"Z": [5]}},
        "carry": {"type": "CCU2", "connections": {"CIN": [5], "A0": [2], "C0": [5], "S0": [4]}},
        "next": {"type": "CCU2", "connections": {"CIN": [6], "A0": [2], "C0": ["x"], "S0": [7]}},
    }
    file = tmp_path / "netlist.json"
    file.write_text(json.dumps({"modules": {"top": {"ports": ports, "cells": cells}, "LUT4": {}}}))
    settle_constants(file, "top", "CIN")
    found = ports_of(file, "top")
    take_ports_away(file, "top")
    drive_constants(file, "top", {"0": "VLO", "1": "VHI"})
    assert found["y"]["bits"] == [4, "0"]
    (module,) = json.loads(file.read_text())["modules"].values()
    assert module["ports"] == {}
    low = module["cells"]["constant_0"]["connections"]["Z"]
    assert module["cells"]["carry"]["connections"] == {"A0": [2], "C0": low, "S0": [4]}
    assert module["cells"]["next"]["connections"]["CIN"] == [6]
    nets = {name: {"bits": [100 + net["bits"][0]]} for name, net in module["netnames"].items()}
    del nets["port_3"]  # which nothing reads
    routed = routed_ports(found, {"ports": {}, "netnames": nets})
    assert routed["x"]["bits"] == [102, "x"]
    assert routed["y"]["bits"] == [104, "0"]


def test_dsp_blocks_have_constants_near_them(tmp_path: Path) -> None:
    """Eight blocks share a look-up table for a constant; other ports keep their values."""
    assert ECP5.block is not None
    tied = {"SOURCEA": ["0"], "SIGNEDA": ["1"], "CE0": ["1"], "RST0": [7], "C0": ["0"]}
    cells = {
        f"m{number}": {
            "type": "MULT18X18D",
            "port_directions": {**dict.fromkeys(tied, "input"), "P0": "output"},
            "connections": {**tied, "P0": [100 + number]},
        }
        for number in range(9)
    }
    ports = {"y": {"direction": "output", "bits": [100, 500]}}
    file = tmp_path / "netlist.json"
    file.write_text(json.dumps({"modules": {"top": {"ports": ports, "cells": cells}}}))
    drive_near(file, "top", ECP5.block.kinds, ECP5.block.ties)
    found = json.loads(file.read_text())["modules"]["top"]["cells"]
    tables = {name: cell for name, cell in found.items() if cell["type"] == "LUT4"}
    assert len(tables) == 2 * 2
    values = {cell["connections"]["Z"][0]: cell["parameters"]["INIT"] for cell in tables.values()}
    assert len(values) == 4
    assert min(values) > 500
    for number in range(9):
        given = found[f"m{number}"]["connections"]
        assert values[given["SOURCEA"][0]] == "0" * 16
        assert values[given["SIGNEDA"][0]] == values[given["CE0"][0]] == "1" * 16
        assert (given["RST0"], given["C0"], given["P0"]) == ([7], ["0"], [100 + number])
    first, last = (found[name]["connections"]["SOURCEA"] for name in ("m0", "m8"))
    assert first != last
    assert found["m7"]["connections"]["SOURCEA"] == first


def test_every_family_has_an_example() -> None:
    for family in families.FAMILIES:
        found = target_of(family.example)
        assert found is not None
        assert found.family is family


@pytest.mark.parametrize(
    ("part", "stage", "router"),
    [
        ("LFE5U-25F", "pnr", ["nextpnr-ecp5 1"]),
        ("LFE5U-25F", "synth", []),
        ("xcku115", "synth", []),
    ],
)
def test_a_key_names_the_tools_that_its_stage_uses(
    part: str, stage: str, router: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else installing place and route would make all circuits look old."""
    monkeypatch.setattr(toolchain, "nextpnr", lambda name: Tool(f"nextpnr-{name}", "1", (), ""))
    found = ["Yosys 1", *(f"nextpnr-{name} 1" for name in toolchain.NEXTPNR)]
    used = OpenBackend().tools_used(
        ", ".join(found), {"part": part, "stage": stage, "strategy": "latency"}
    )
    assert used.split(", ") == ["Yosys 1", *router]
