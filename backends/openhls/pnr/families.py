"""FPGA families that nextpnr places and routes, and the parts of each by their ordering codes."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from backends.modelgraph.rtl.pipeline import Pipeline
from backends.openhls.pnr.pack import Block, FlipFlop

Kinds = Mapping[str, Mapping[str, float]]
"""By metric: what each kind of cell takes of it."""


@dataclass(frozen=True)
class Family:
    """A family of FPGAs.

    Args:
        name: as nextpnr calls it; its program is ``nextpnr-NAME``.
        title: vendor and family.
        synthesis: command of Yosys that maps to the family.
        cells: what the cells that Yosys writes take of each resource, before packing.
        bels: what the cells of nextpnr's report take, after packing.
        codes: regular expression of the ordering codes, in lower case.
        arguments: options of nextpnr for a matching code.
        example: an ordering code, for messages.
        pipeline: where its timing wants registers.
        block: its DSP block, whose registers are packed; None where there is none.
        flip_flop: the flip-flop that can be packed.
    """

    name: str
    title: str
    synthesis: str
    cells: Kinds
    bels: Kinds
    codes: str
    arguments: Callable[[re.Match[str]], tuple[str, ...]]
    example: str
    pipeline: Pipeline
    block: Block
    flip_flop: FlipFlop


@dataclass(frozen=True)
class Target:
    """A device with its speed grade and package.

    Args:
        family: its family.
        part: ordering code as the study names it.
        arguments: options of nextpnr that name device, speed grade and package.
    """

    family: Family
    part: str
    arguments: tuple[str, ...]


_ECP5_PACKAGES = {
    "bg256": "CABGA256",
    "bg381": "CABGA381",
    "bg554": "CABGA554",
    "bg756": "CABGA756",
    "mg285": "CSFBGA285",
    "tg144": "TQFP144",
}
_ECP5_KINDS = {"u": "", "um": "um-", "um5g": "um5g-"}


def _ecp5(code: re.Match[str]) -> tuple[str, ...]:
    """Return the options for a code; of what it leaves out, the slowest grade and BG381."""
    device = f"--{_ECP5_KINDS[code['kind']]}{code['size']}k"
    speed = code["speed"] or ("8" if code["kind"] == "um5g" else "6")
    return device, "--speed", speed, "--package", _ECP5_PACKAGES[code["package"] or "bg381"]


def _register(stage: str) -> dict[str, str]:
    return {f"REG_{stage}_CLK": "CLK0", f"REG_{stage}_CE": "CE0", f"REG_{stage}_RST": "RST0"}


MULT18X18D = Block(
    kind="MULT18X18D",
    operands=("A", "B"),
    product="P",
    registers={"A": _register("INPUTA"), "B": _register("INPUTB"), "P": _register("OUTPUT")},
    fixed={"CE0": "1", "RST0": "0"},
    clock="CLK0",
)

ECP5 = Family(
    name="ecp5",
    title="Lattice ECP5",
    synthesis="synth_ecp5",
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
    rf"(-(?P<speed>[678])((?P<package>{'|'.join(_ECP5_PACKAGES)})[ci]?)?)?",
    arguments=_ecp5,
    example="LFE5U-85F-8BG381C",
    pipeline=Pipeline(multiplier=(18, 18), operands=True, choices=8),
    block=MULT18X18D,
    flip_flop=FlipFlop("TRELLIS_FF", "DI", "CLK", {"CEMUX": "1 ", "CLKMUX": "CLK", "LSR": None}),
)

FAMILIES = (ECP5,)


def target_of(part: str) -> Target | None:
    """Return the target that an ordering code names; None where nextpnr has no such part."""
    for family in FAMILIES:
        code = re.fullmatch(family.codes, part.lower())
        if code:
            return Target(family, part, family.arguments(code))
    return None


def examples() -> str:
    """Return an ordering code of every family, for messages."""
    return ", ".join(f"{family.example} ({family.title})" for family in FAMILIES)


def taken(kinds: Kinds, found: Mapping[str, int]) -> dict[str, int]:
    """Return what cells take of each resource, rounded up.

    Args:
        kinds: `Family.cells` or `Family.bels`.
        found: number of cells by kind.
    """
    return {
        metric: _whole(found.get(k, 0) * n for k, n in of.items()) for metric, of in kinds.items()
    }


def _whole(shares: Iterable[float]) -> int:
    return -int(-sum(shares) // 1)
