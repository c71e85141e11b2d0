"""The boards that bitstreams are made for, and their pins from public constraint files."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Pin:
    """A pin of the FPGA.

    Args:
        site: its name on the package.
        standard: its voltage, as constraint files write it.
    """

    site: str
    standard: str = "LVCMOS33"


@dataclass(frozen=True)
class Board:
    """A board, as far as this project uses it.

    Args:
        name: as `dse build --board` and, where it knows the board, openFPGALoader call it.
        title: maker and name.
        part: ordering code of its FPGA.
        family: ``ecp5`` or ``gowin``.
        target: options of nextpnr that name the FPGA.
        clock_mhz: of its oscillator.
        clock: pin of the oscillator.
        rx: pin on which the FPGA receives.
        tx: pin on which the FPGA sends.
        led_pass: light of a self-test that passed.
        led_fail: light of one that failed.
        source: public files that the pins were read from.
        lit_by_zero: whether the lights shine at a low level.
        driven_high: further pins that have to be high.
        loader: name that openFPGALoader has for it.
        serial: device of the UART on a Linux machine without other adapters.
        note: what its user has to know.
    """

    name: str
    title: str
    part: str
    family: str
    target: str
    clock_mhz: float
    clock: Pin
    rx: Pin
    tx: Pin
    led_pass: Pin
    led_fail: Pin
    source: str
    lit_by_zero: bool = False
    driven_high: tuple[Pin, ...] = ()
    loader: str = ""
    serial: str = "/dev/ttyUSB1"  # of two channels the first is JTAG
    note: str = ""


_LITEX = "litex-hub/litex-boards, litex_boards/platforms"


def _ulx3s(size: int) -> Board:
    return Board(
        name=f"ulx3s-{size}f",
        title=f"Radiona ULX3S with LFE5U-{size}F",
        part=f"LFE5U-{size}F-6BG381C",
        family="ecp5",
        target=f"--{size}k --package CABGA381 --speed 6",
        clock_mhz=25,
        clock=Pin("G2"),
        rx=Pin("M1"),
        tx=Pin("L4"),
        led_pass=Pin("B2"),
        led_fail=Pin("C2"),
        driven_high=(Pin("L2"),),  # wifi_gpio0: low, the ESP32 restarts into its loader
        loader="ulx3s",
        serial="/dev/ttyUSB0",
        source="emard/ulx3s, doc/constraints/ulx3s_v20.lpf",
    )


_BOARDS = (
    _ulx3s(12),
    _ulx3s(85),
    Board(
        name="ecp5-evn",
        title="Lattice ECP5 evaluation board (LFE5UM5G-85F-EVN)",
        part="LFE5UM5G-85F-8BG381I",
        family="ecp5",
        target="--um5g-85k --package CABGA381 --speed 8",
        clock_mhz=12,
        clock=Pin("A10"),
        rx=Pin("P2"),
        tx=Pin("P3"),
        led_pass=Pin("A13", "LVCMOS25"),
        led_fail=Pin("A12", "LVCMOS25"),
        lit_by_zero=True,
        loader="ecp5_evn",
        source=f"{_LITEX}/lattice_ecp5_evn.py; LEDs to VCCIO: nmigen-boards, ecp5_5g_evn.py",
        note="The UART needs the board's resistors changed: R22 and R23 out, 0 ohm on R34 and R35, "
        "and port B of the FT2232H set to UART. The self-test works without.",
    ),
    Board(
        name="tang-nano-9k",
        title="Sipeed Tang Nano 9K",
        part="GW1NR-LV9QN88PC6/I5",
        family="gowin",
        target="--device GW1NR-LV9QN88PC6/I5 --vopt family=GW1N-9C",
        clock_mhz=27,
        clock=Pin("52"),
        rx=Pin("18"),
        tx=Pin("17"),
        led_pass=Pin("10", "LVCMOS18"),
        led_fail=Pin("11", "LVCMOS18"),
        lit_by_zero=True,
        loader="tangnano9k",
        source=f"{_LITEX}/sipeed_tang_nano_9k.py",
    ),
    Board(
        name="tang-nano-20k",
        title="Sipeed Tang Nano 20K",
        part="GW2AR-LV18QN88C8/I7",
        family="gowin",
        target="--device GW2AR-LV18QN88C8/I7 --vopt family=GW2A-18C",
        clock_mhz=27,
        clock=Pin("4"),
        rx=Pin("70"),
        tx=Pin("69"),
        led_pass=Pin("15"),
        led_fail=Pin("16"),
        lit_by_zero=True,
        loader="tangnano20k",
        source=f"{_LITEX}/sipeed_tang_nano_20k.py",
    ),
    Board(
        name="tang-primer-20k",
        title="Sipeed Tang Primer 20K on its dock",
        part="GW2A-LV18PG256C8/I7",
        family="gowin",
        target="--device GW2A-LV18PG256C8/I7 --vopt family=GW2A-18",
        clock_mhz=27,
        clock=Pin("H11"),
        rx=Pin("T13"),
        tx=Pin("M11"),
        led_pass=Pin("L16"),
        led_fail=Pin("L14"),
        lit_by_zero=True,
        loader="tangprimer20k",
        source=f"{_LITEX}/sipeed_tang_primer_20k.py; LEDs: sipeed/TangPrimer-20K-example",
    ),
)

BOARDS: Mapping[str, Board] = {board.name: board for board in _BOARDS}
"""All boards, by name."""


def constraints(board: Board) -> str:
    """Return the pins of a board in its vendor's format: LPF for Lattice, CST for Gowin."""
    pins = {
        "clk": board.clock,
        "uart_rx": board.rx,
        "uart_tx": board.tx,
        "led_pass": board.led_pass,
        "led_fail": board.led_fail,
        **{f"high[{n}]": pin for n, pin in enumerate(board.driven_high)},
    }
    if board.family == "gowin":
        lines = [
            f'IO_LOC "{name}" {pin.site};\nIO_PORT "{name}" IO_TYPE={pin.standard};'
            for name, pin in pins.items()
        ]
    else:
        lines = [
            f'LOCATE COMP "{name}" SITE "{pin.site}";\nIOBUF PORT "{name}" IO_TYPE={pin.standard};'
            for name, pin in pins.items()
        ]
        lines.append(f'FREQUENCY PORT "clk" {board.clock_mhz:g} MHZ;')
    mark = "//" if board.family == "gowin" else "#"
    return "\n".join([f"{mark} {board.title}; pins from {board.source}", *lines]) + "\n"
