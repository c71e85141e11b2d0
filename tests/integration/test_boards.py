"""Circuits on boards: the UART and the self-test simulated whole, and bitstreams."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

import needs
import numpy as np
import pytest
from packages import design, tiny
from stream_networks import NETWORKS

from backends.openhls import toolchain
from backends.openhls.backend import OpenBackend
from backends.openhls.board import bitstream
from backends.openhls.board.boards import BOARDS, constraints
from backends.openhls.board.contents import BoardDesign, board_contents
from backends.openhls.board.script import crc8
from backends.openhls.board.tools import variables
from backends.openhls.package import writing
from backends.openhls.package.design import Design
from backends.openhls.pnr.route import failure_of
from backends.openhls.pnr.synthesis import Mapped
from dse.contracts.errors import EvaluationError, FailureKind


@pytest.fixture
def icarus(monkeypatch: pytest.MonkeyPatch) -> None:
    tool = toolchain.Tool("iverilog", "11.0", (str(shutil.which("iverilog")),), "PATH")
    monkeypatch.setattr(toolchain, "simulator", lambda: tool)


def small(folder: Path, **more: Any) -> Design:
    return design(*tiny(), folder, total_bits=7, integer_bits=3, **{"reuse_factor": 4, **more})


def written(made: Design, name: str, folder: Path, divide: int = 1) -> Path:
    writing.write(board_contents(BoardDesign(made, BOARDS[name], divide)), folder / "package")
    return folder / "package"


def host_of(package: Path) -> ModuleType:
    """The host script, imported."""
    loader = SourceFileLoader("host", str(package / "host.py"))
    module = module_from_spec(spec_from_loader("host", loader))  # type: ignore[arg-type]
    loader.exec_module(module)
    return module


@needs.icarus
@pytest.mark.parametrize(("name", "divide"), [("ulx3s-12f", 1), ("ecp5-evn", 2)])
def test_bits_of_the_uart_in_and_out(name: str, divide: int, tmp_path: Path, icarus: None) -> None:
    said = writing.simulate(written(small(tmp_path), name, tmp_path, divide))
    assert any(re.match(r"PASS: self-test lit, \d\d bytes of answers right", line) for line in said)
    assert "PASS: one flipped bit fails the self-test" in said


@needs.icarus
def test_a_streamed_network(tmp_path: Path, icarus: None) -> None:
    network, x = NETWORKS["skip"]()
    made = design(network, [x[:3]], tmp_path, total_bits=6, integer_bits=3, io_type="io_stream")
    said = writing.simulate(written(made, "ecp5-evn", tmp_path))
    assert any("bytes of answers right" in line for line in said)


@needs.icarus
@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("rtl/self_test.v", r"(0: wished = \d+'h)..", r"\g<1>ff"),
        ("rtl/board.v", r"8'h07", "8'h09"),
        ("rtl/board.v", r"DIVISOR = 234", "DIVISOR = 210"),
        ("vectors/uart_answers.hex", r"06", "07"),
    ],
)
def test_the_testbench_sees_what_is_wrong(
    file: str, old: str, new: str, tmp_path: Path, icarus: None
) -> None:
    package = written(small(tmp_path), "tang-nano-9k", tmp_path)
    text = (package / file).read_text()
    assert re.search(old, text)
    (package / file).write_text(re.sub(old, new, text, count=1))
    with pytest.raises(EvaluationError) as caught:
        writing.simulate(package)
    assert "FAIL" in caught.value.log


def test_the_host_script_speaks_the_same(tmp_path: Path) -> None:
    """Its requests are the testbench's, and numbers come out as bittrue gives them."""
    made = small(tmp_path)
    package = written(made, "tang-nano-20k", tmp_path)
    host, facts = host_of(package), json.loads((package / "design.json").read_text())
    given, output = facts["inputs"][0], facts["output"]
    vectors = host.vectors("s_axis", 1)
    sent = bytes(
        int(word[4:], 16)
        for word in (package / "vectors/uart.hex").read_text().split()
        if word.startswith("00")
    )
    assert sent[:1] + host.request(vectors[0]) == sent[: 2 + len(vectors[0]) + 1]
    for n, row in enumerate(made.inputs["x"]):
        assert host.packed(given, map(float, row)) == vectors[n]
    for payload, row in zip(host.vectors("expected", 1), made.outputs, strict=True):
        np.testing.assert_array_equal(host.unpacked(output, payload), row)
    told = vectors[0] + b"\x06"
    assert host.answer(told + bytes([crc8(told)])) == vectors[0]
    for broken in (told + b"\x00", vectors[0] + b"\x15" + bytes([crc8(vectors[0] + b"\x15")])):
        with pytest.raises(ValueError, match="garbled"):
            host.answer(broken)
    usage = subprocess.run(
        [sys.executable, package / "host.py", "--help"], capture_output=True, text=True, check=True
    )
    assert "--self-test" in usage.stdout


@contextmanager
def answering(package: Path) -> Iterator[str]:
    """A serial port behind which somebody answers as the board of a package does."""
    host, facts = host_of(package), json.loads((package / "design.json").read_text())
    known = dict(zip(host.vectors("s_axis", 1), host.vectors("expected", 1), strict=True))
    master, slave = os.openpty()
    tty.setraw(slave)

    def answer() -> None:
        while command := os.read(master, 1):
            told = bytes.fromhex(facts["board"]["identity"])[::-1]
            if command == b"I":
                given = b"".join(os.read(master, 1) for _ in range(facts["inputs"][0]["bytes"] + 1))
                told = known[given[:-1]] + (b"\x06" if crc8(given[:-1]) == given[-1] else b"\x15")
                told += bytes([crc8(told)])
            os.write(master, told)

    threading.Thread(target=answer, daemon=True).start()
    yield os.ttyname(slave)


def spoken(package: Path, port: str, *arguments: str, lines: str = "") -> tuple[int, str, str]:
    """What the host script says to some lines."""
    found = subprocess.run(
        [sys.executable, package / "host.py", port, *arguments],
        input=lines, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return found.returncode, found.stdout, found.stderr


def test_the_host_script_and_a_port(tmp_path: Path) -> None:
    """Numbers through a port come out as bittrue gives them; lines that are none are named."""
    made = small(tmp_path)
    package = written(made, "ulx3s-12f", tmp_path)
    rows = "\n".join(",".join(map(str, map(float, row))) for row in made.inputs["x"][:3])
    with answering(package) as port:
        code, told, _ = spoken(package, port, "--check")
        assert (code, told) == (
            0,
            f"{made.samples} of {made.samples} inferences equal, bit for bit\n",
        )
        code, told, _ = spoken(package, port, lines=rows)
        found = [[float(number) for number in line.split(",")] for line in told.splitlines()]
        assert code == 0
        np.testing.assert_array_equal(found, made.outputs[:3])
        for line, why in (
            ("0,0,0", "line 1: an inference has 4 numbers, here are 3"),
            ("0,0,0,0,0", "line 1: an inference has 4 numbers, here are 5"),
            ("0,0,nan,0", "line 1: a number is infinite or no number at all"),
            ("a,b,c,d", "line 1: could not convert string to float"),
        ):
            code, _, error = spoken(package, port, lines=line)
            assert code == 1
            assert error.startswith(why)
    code, _, error = spoken(package, str(tmp_path / "none"), "--check")
    assert code == 1
    assert "is no serial port that can be opened" in error


def test_several_streams_have_no_uart(tmp_path: Path) -> None:
    made = small(tmp_path)
    first = made.interface.inputs[0]
    made.__dict__["interface"] = type(made.interface)(
        (first, first), made.interface.output, None, 4
    )
    with pytest.raises(EvaluationError, match="streams 2 inputs side by side"):
        bitstream.write_board(made, tmp_path, "ulx3s-12f", {}, tmp_path)


@pytest.mark.parametrize("name", BOARDS)
def test_pins_are_told_once(name: str) -> None:
    board = BOARDS[name]
    pins = [board.clock, board.rx, board.tx, board.led_pass, board.led_fail, *board.driven_high]
    assert len({pin.site for pin in pins}) == len(pins)
    text = constraints(board)
    assert all(f" {p.site};" in text or f'"{p.site}"' in text for p in pins)
    assert board.source in text


def test_a_design_that_is_too_large_is_told_before_it_is_simulated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = Mapped(tmp_path, {"lut4": 30_000, "ff": 10, "dsp": 40}, {})
    monkeypatch.setattr(bitstream, "map_to", lambda *_: large)
    with pytest.raises(EvaluationError) as caught:
        bitstream.write_board(small(tmp_path), tmp_path / "made", "ulx3s-12f", {}, tmp_path)
    assert caught.value.kind is FailureKind.DOES_NOT_FIT
    assert "30,000 LUT4 of 24,288 (5,712 too many)" in caught.value.message
    assert "40 DSP multipliers of 28" in caught.value.message
    assert not (tmp_path / "made").exists()


def test_a_missing_tool_is_told_before_anything_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "nextpnr", lambda _: None)
    nothing: Any = None  # neither job nor surroundings are looked at
    with pytest.raises(EvaluationError) as caught:
        OpenBackend().write_package(nothing, nothing, "", "ulx3s-85f")
    assert caught.value.kind is FailureKind.TOOL_MISSING
    assert "nextpnr-ecp5 is not installed" in caught.value.message
    assert "dse-fpga[pnr]" in caught.value.hint


def test_a_design_that_does_not_fit() -> None:
    log = "Info:                LUT4:  9000/ 8640   104%\nERROR: Unable to place cell\n"
    error = EvaluationError(FailureKind.TOOL_FAILED, "make bitstream failed", log=log)
    found = failure_of(error, log)
    assert found.kind is FailureKind.DOES_NOT_FIT
    assert "9,000 LUT4 of 8,640 (360 too many)" in found.message


@pytest.mark.skipif(find_spec("pyosys") is None, reason="pyosys is not installed")
def test_gowin_has_no_dsp_block(tmp_path: Path) -> None:
    """The newest Yosys would take some, and nextpnr times no path through them."""
    package = written(small(tmp_path), "tang-nano-9k", tmp_path)
    run = "import sys; from backends.openhls.pyosys import main; main(sys.argv[1:])"
    command = ["make", "build/board.json", f"YOSYS={shlex.join((sys.executable, '-c', run))}"]
    subprocess.run(command, cwd=package, capture_output=True, check=True)
    cells = (package / "build/board.cells").read_text()
    assert "ALU" in cells
    assert "MULT" not in cells


STALLING = """
import pathlib, sys, time
seed = int(sys.argv[sys.argv.index("--seed") + 1])
if seed in {stalled}:
    for _ in range(10):
        print("Info:  23000 |  9110  13889 |  540   460 |  27|  2.10  60.31|")
    sys.stdout.flush()
    time.sleep(0 if seed == {ends} else 120)
print("Info: Max frequency for clock 'clk': 99.5 MHz")
out = next(flag for flag in ("--textcfg", "--write") if flag in sys.argv)
pathlib.Path(sys.argv[sys.argv.index(out) + 1]).write_text(str(seed))
"""


def stalling_tools(name: str, folder: Path, stalled: list[int]) -> dict[str, str]:
    """A nextpnr whose router stalls with some seeds; with the second it ends all the same."""
    script = folder / "nextpnr.py"
    script.write_text(STALLING.format(stalled=stalled, ends=2))
    python = shlex.quote(sys.executable)
    copy = f"{python} -c 'import shutil, sys; shutil.copy(*map(sys.argv.__getitem__, (%s)))'"
    yosys = f'{python} -c \'open("build/board.json", "w")\''
    route = f"{python} {shlex.quote(str(script))}"
    if BOARDS[name].family == "gowin":
        return {"YOSYS": yosys, "NEXTPNR_GOWIN": route, "GOWIN_PACK": copy % "5, 4"}
    return {"YOSYS": yosys, "NEXTPNR_ECP5": route, "ECPPACK": copy % "2, 4"}


@pytest.mark.parametrize("name", ["ulx3s-12f", "tang-nano-9k"])
def test_a_bitstream_of_the_first_seed_that_does_not_stall(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Makefile of the package names it, so that make gives the same bitstream."""
    monkeypatch.setattr(bitstream, "map_to", lambda *_: Mapped(tmp_path, {}, {}))
    monkeypatch.setattr(writing, "simulate", lambda _: ())
    made, package = small(tmp_path), tmp_path / "package"
    tools = stalling_tools(name, tmp_path, [1, 2])
    (said,) = bitstream.write_board(made, package, name, tools, tmp_path)
    assert said.startswith("99.5 MHz after routing")
    file = package / BoardDesign(made, BOARDS[name]).bitstream
    assert file.read_text() == "3"
    writing.make(package, "check")
    file.unlink()
    writing.make(package, "bitstream", **tools)
    assert file.read_text() == "3"
    shutil.rmtree(package / writing.BUILD)
    writing.make(package, "bitstream", **tools, SEED="4")
    assert file.read_text() == "4"


def test_a_bitstream_whose_routing_stalls_with_every_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bitstream, "map_to", lambda *_: Mapped(tmp_path, {}, {}))
    monkeypatch.setattr(writing, "simulate", lambda _: ())
    tools = stalling_tools("ulx3s-12f", tmp_path, [1, 2, 3, 4])
    with pytest.raises(EvaluationError, match=r"^none of the seeds 1 to 4 .* 27 connec") as caught:
        bitstream.write_board(small(tmp_path), tmp_path / "package", "ulx3s-12f", tools, tmp_path)
    assert caught.value.kind is FailureKind.DOES_NOT_FIT


@needs.icarus
@pytest.mark.parametrize(
    ("name", "again"),
    [
        ("ulx3s-85f", True),
        ("tang-nano-9k", False),
        *(
            pytest.param(name, True, marks=pytest.mark.slow)
            for name in BOARDS
            if name != "ulx3s-85f"
        ),
    ],
)
def test_a_bitstream(name: str, again: bool, tmp_path: Path, icarus: None) -> None:
    """Made by the same Makefile that the package holds, and again to the same bytes."""
    try:
        tools = variables(BOARDS[name])
    except EvaluationError as missing:
        pytest.skip(f"{missing.message}: {missing.hint}")
    package = tmp_path / "package"
    package.mkdir()
    made = small(tmp_path)
    said = bitstream.write_board(made, package, name, tools, tmp_path / "cache")
    assert re.search(r"\d+\.\d MHz after routing, \d+ MHz used", said[-1])
    file = package / BoardDesign(made, BOARDS[name]).bitstream
    first = file.read_bytes()
    assert len(first) > 100_000
    assert file.name in (package / "SHA256SUMS").read_text()
    assert str(tmp_path).encode() not in first
    if again:
        file.unlink()
        writing.make(package, "bitstream", **tools)
        assert file.read_bytes() == first
