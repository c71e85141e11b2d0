"""Lattice ECP5."""

import re

from backends.modelgraph.rtl.pipeline import Pipeline
from backends.openhls.pnr.area import by_area
from backends.openhls.pnr.family import Family, Model, scalars
from backends.openhls.pnr.pack import Block, FlipFlop

_PACKAGES = {
    "bg256": "CABGA256",
    "bg381": "CABGA381",
    "bg554": "CABGA554",
    "bg756": "CABGA756",
    "mg285": "CSFBGA285",
    "tg144": "TQFP144",
}
_KINDS = {"u": "", "um": "um-", "um5g": "um5g-"}


def _arguments(code: re.Match[str]) -> tuple[str, ...]:
    """Return the options for a code; of what it leaves out, the slowest grade and BG381."""
    device = f"--{_KINDS[code['kind']]}{code['size']}k"
    speed = code["speed"] or ("8" if code["kind"] == "um5g" else "6")
    return device, "--speed", speed, "--package", _PACKAGES[code["package"] or "bg381"]


def _register(stage: str) -> dict[str, str]:
    return {f"REG_{stage}_CLK": "CLK0", f"REG_{stage}_CE": "CE0", f"REG_{stage}_RST": "RST0"}


MULT18X18D = Block(
    kinds=("MULT18X18D",),
    operands=("A", "B"),
    product="P",
    registers={"A": _register("INPUTA"), "B": _register("INPUTB"), "P": _register("OUTPUT")},
    fixed={"CE0": "1", "RST0": "0"},
    clock="CLK0",
    ties=("SOURCEA", "SOURCEB", "SIGNEDA", "SIGNEDB", "CE0", "RST0"),
)

_MODELS = {
    "TRELLIS_COMB": Model(
        scalars("A B C D M FCI F1 FXA FXB"),
        scalars("F FCO OFX"),
        ("MODE", "INITVAL", "CCU2_INJECT1"),
        ("A", "B", "C", "D"),
    ),
    "TRELLIS_FF": Model(
        scalars("CLK LSR CE DI M"),
        scalars("Q"),
        ("CEMUX", "CLKMUX", "LSRMUX", "REGSET", "SRMODE", "SD"),
        ("CE",),
    ),
    "MULT18X18D": Model(
        {"A": 18, "B": 18, **scalars("SIGNEDA SIGNEDB CLK0 CE0 RST0")},
        {"P": 36},
        ("REG_INPUTA_CLK", "REG_INPUTB_CLK", "REG_PIPELINE_CLK", "REG_OUTPUT_CLK"),
        ("CE0",),
    ),
    "DP16KD": Model(
        {"ADA": 14, "ADB": 14, **scalars("CLKA CLKB CEA CEB")},
        {"DOA": 18, "DOB": 18},
        ("DATA_WIDTH_A", "DATA_WIDTH_B", *(f"INITVAL_{n:02X}" for n in range(64))),
        ("CEA", "CEB"),
    ),
}

ECP5 = Family(
    name="ecp5",
    program="ecp5",
    title="Lattice ECP5",
    synthesis=by_area("synth_ecp5 -top {top}", "4:7"),
    cells={
        "lut4": {"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 4},
        "ff": {"TRELLIS_FF": 1},
        "dsp": {"MULT18X18D": 1},
        "bram_18k": {"DP16KD": 1, "PDPW16KD": 1},
    },
    bels={
        "lut4": {"TRELLIS_COMB": 1},
        "ff": {"TRELLIS_FF": 1},
        "dsp": {"MULT18X18D": 1},
        "bram_18k": {"DP16KD": 1},
    },
    codes=r"lfe5(?P<kind>um5g|um|u)-(?P<size>12|25|45|85)f?"
    rf"(-(?P<speed>[678])((?P<package>{'|'.join(_PACKAGES)})[ci]?)?)?",
    arguments=_arguments,
    example="LFE5U-85F-8BG381C",
    speed=r"--speed (\d)",
    pipeline=Pipeline(multiplier=(18, 18)),
    models=_MODELS,
    block=MULT18X18D,
    flip_flop=FlipFlop("TRELLIS_FF", "DI", "CLK", {"CEMUX": "1 ", "CLKMUX": "CLK", "LSR": None}),
    open_ports=True,
)
