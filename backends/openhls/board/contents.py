"""The files that a board adds to a package."""

import hashlib
import json
from dataclasses import dataclass
from importlib.resources import files

from backends.openhls import board as here
from backends.openhls.board.boards import Board, constraints
from backends.openhls.board.script import conversation
from backends.openhls.package.contents import contents
from backends.openhls.package.design import Design
from backends.openhls.package.interface import AxiStream
from backends.openhls.package.templates import filled_text
from backends.openhls.pnr.ecp5 import ECP5
from backends.openhls.pnr.gowin import GOWIN
from dse.contracts.errors import EvaluationError, FailureKind

BAUD = 115_200
"""Of the UART: what every adapter and system knows."""

_MOST_TESTS, _ROM_BITS = 8, 16_384
"""Embedded inferences of the self-test at most, and bits that they may take."""

_TIMEOUT_BITS = 40
"""Time of bits after which the testbench's board drops half a request."""


@dataclass(frozen=True)
class BoardDesign:
    """A design on a board.

    Args:
        design: the design.
        board: the board.
        divide: cycles of the oscillator to one of the design; 1 or an even number.
    """

    design: Design
    board: Board
    divide: int = 1

    @property
    def core_mhz(self) -> float:
        """Frequency of the design's clock."""
        return self.board.clock_mhz / self.divide

    @property
    def divisor(self) -> int:
        """Cycles of the design's clock per bit of the UART."""
        return round(1e6 * self.core_mhz / BAUD)

    @property
    def given(self) -> AxiStream:
        """The stream of the inputs."""
        return self.design.interface.inputs[0]

    @property
    def bitstream(self) -> str:
        """Name of the file of the bitstream."""
        return "board.fs" if self.board.family == "gowin" else "board.bit"


def check(design: Design) -> None:
    """Check that a board's UART can feed a design.

    Raises:
        EvaluationError: it has several input streams, whose order the UART would have to know.
    """
    inputs = design.interface.inputs
    if len(inputs) > 1:
        names = ", ".join(stream.fields[0].name for stream in inputs)
        raise EvaluationError(
            FailureKind.INVALID_POINT,
            f"the network streams {len(inputs)} inputs side by side ({names}); a UART is one",
            hint="build it without --board, or with io_type: io_parallel",
        )


def board_contents(made: BoardDesign) -> dict[str, str]:
    """Return all files of a package with a board but its bitstream and checksums."""
    package = contents(made.design)
    inputs, outputs = (
        _inferences(package[f"vectors/{name}.hex"], stream.beats)
        for name, stream in (
            (made.given.name, made.given),
            ("expected", made.design.interface.output),
        )
    )
    identity = hashlib.sha256(package["rtl/network.v"].encode()).digest()[:4]
    bits = 8 * sum(map(len, (inputs[0], outputs[0])))
    tests = max(1, min(len(inputs), _MOST_TESTS, _ROM_BITS // bits))
    values = {**_values(made), "identity": identity.hex(), "tests": tests}
    script = conversation(inputs, outputs, made.given.bytes, identity, 2 * _TIMEOUT_BITS)
    values |= {"words": len(script.words), "answers": len(script.answers)}
    facts = json.loads(package["design.json"])
    facts["board"] = {"name": made.board.name, "baud": BAUD, "identity": identity.hex()}
    extension = "cst" if made.board.family == "gowin" else "lpf"
    return {
        **package,
        "rtl/board.v": _file("board.v", values),
        "rtl/uart.v": _file("uart.v", values),
        "rtl/self_test.v": _self_test(made, package, tests),
        "tb/board_tb.v": _file("board_tb.v", values),
        "tb/board_flipped_tb.v": _file("board_flipped_tb.v", values),
        "vectors/uart.hex": "\n".join(script.words) + "\n",
        "vectors/uart_answers.hex": "\n".join(f"{value:02x}" for value in script.answers) + "\n",
        f"constraints/board.{extension}": constraints(made.board),
        "synth/board.ys": _synthesis(made),
        "host.py": _file("host.py.in", {}),
        "Makefile": package["Makefile"] + _file("board.mk", values),
        "README.md": package["README.md"] + _file("README.md", values),
        "design.json": json.dumps(facts, indent=1) + "\n",
    }


def _file(name: str, values: dict[str, object]) -> str:
    text = files(here).joinpath("files", name).read_text(encoding="utf-8")
    return filled_text(text, **values)


def _inferences(vectors: str, beats: int) -> list[bytes]:
    """Return the bytes of every inference in a file of vectors, as the UART sends them."""
    words = [bytes.fromhex(line)[::-1] for line in vectors.split()]
    return [b"".join(words[n : n + beats]) for n in range(0, len(words), beats)]


def _values(made: BoardDesign) -> dict[str, object]:
    board, interface = made.board, made.design.interface
    pins = len(board.driven_high)
    bits = interface.interval / made.divisor  # time of an inference, in bits of the UART
    values: dict[str, object] = {
        "title": board.title,
        "part": board.part,
        "target": board.target,
        "note": board.note,
        "source": board.source,
        "loader": board.loader,
        "serial": board.serial,
        "led_pass": board.led_pass.site,
        "led_fail": board.led_fail.site,
        "lit_by_zero": "1'b1" if board.lit_by_zero else "1'b0",
        "baud": BAUD,
        "divide": made.divide,
        "divisor": made.divisor,
        "timeout": _TIMEOUT_BITS * made.divisor,
        "core_mhz": f"{made.core_mhz:g}",
        "megahertz": f"{made.core_mhz:g}",
        "divided": f", divided by {made.divide}" if made.divide > 1 else "",
        "bit_ns": f"{1e9 / BAUD:.3f}",
        "half_period_ns": f"{500 / board.clock_mhz:.4f}",
        "patience": int(1000 + 10 * _MOST_TESTS * bits + (interface.latency or 0)),
        "in_bytes": made.given.bytes,
        "in_beats": made.given.beats,
        "out_bytes": interface.output.bytes,
        "out_beats": interface.output.beats,
        "high_port": f",\n  output wire [{pins - 1}:0] high" if pins else "",
        "high_value": f"  assign high = {{{pins}{{1'b1}}}};" if pins else "",
        "bitstream": made.bitstream,
        "gowin_device": board.target.rpartition("family=")[2],
    }
    values["place_and_route"] = _file(f"{board.family}.mk", values).rstrip()
    return values


def _self_test(made: BoardDesign, package: dict[str, str], tests: int) -> str:
    """Return the module that holds the beats of the self-test."""
    output = made.design.interface.output
    lines = ["// The beats of the self-test: inputs, and the outputs that they must give"]
    lines += [
        "module self_test (",
        "  input wire [15:0] in, input wire [15:0] out,",
        f"  output reg [{made.given.data_bits - 1}:0] vector,",
        f"  output reg [{output.data_bits - 1}:0] wished",
        ");",
    ]
    for place, value, name, stream in (
        ("in", "vector", made.given.name, made.given),
        ("out", "wished", "expected", output),
    ):
        beats = package[f"vectors/{name}.hex"].split()[: tests * stream.beats]
        lines += ["  always @*", f"    case ({place})"]
        lines += [f"      {n}: {value} = {stream.data_bits}'h{b};" for n, b in enumerate(beats)]
        lines += [f"      default: {value} = 0;", "    endcase"]
    return "\n".join([*lines, "endmodule", ""])


def _synthesis(made: BoardDesign) -> str:
    """Return the script of Yosys: the mapping that `open` routes, with buffers at the pins.

    So Gowin's DSP blocks stay out, through which nextpnr would time no path.
    """
    sources = " ".join(f"rtl/{name}.v" for name in SOURCES)
    family = GOWIN if made.board.family == "gowin" else ECP5
    commands = family.synthesis.format(top="board").replace(" -noiopads", "")
    return (
        f"read_verilog {sources}\n{commands}\nwrite_json build/board.json\n"
        "tee -o build/board.cells stat\n"
    )


SOURCES = ("board", "uart", "self_test", "network_axis", "network")
"""Verilog files of a board."""
