"""What a package needs to be placed and routed by nextpnr, as `open` does it."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib.resources import files

from backends.openhls import pnr, toolchain
from backends.openhls.package.axis import TOP_AXIS
from backends.openhls.package.design import Design
from backends.openhls.package.templates import filled
from backends.openhls.pnr.family import Family

_STEPS = ("constants.py", "pack.py", "ports.py")
"""Modules of the flow that need nothing but Python, and go into the package as they are."""

_OPTIONS = {
    "lpf": "--out-of-context --lpf-allow-unconstrained --lpf constraints/nextpnr.lpf",
    "sdc": "--sdc constraints/nextpnr.sdc",
}
"""Options of nextpnr by the format of its constraints."""


def constraints(family: Family) -> str:
    """Return the file of the clock, in the format that the nextpnr of a family reads."""
    return f"constraints/nextpnr.{_format(family)}"


def _format(family: Family) -> str:
    return "lpf" if family.name == "ecp5" else "sdc"


def files_for_nextpnr(design: Design) -> dict[str, str]:
    """Return the scripts between the Verilog and nextpnr, and the constraints, by path."""
    family = design.target.family
    synthesis = family.synthesis.format(top=TOP_AXIS)
    own = {}
    if family.mapping:
        synthesis = synthesis.replace(family.mapping, f"synth/{family.mapping}")
        own[f"synth/{family.mapping}"] = _of_flow("models", family.mapping)
    return {
        "synth/pnr.ys": filled("pnr.ys", synthesis=synthesis),
        "synth/family.json": json.dumps(_facts(family), indent=1) + "\n",
        "synth/prepare.py": filled("prepare.py.in"),
        **{f"synth/{name}": _of_flow(name) for name in _STEPS},
        **own,
        constraints(family): filled(
            f"nextpnr.{_format(family)}",
            period=f"{design.period_ns:g}",
            megahertz=design.megahertz,
        ),
    }


def make_values(design: Design) -> dict[str, object]:
    """Return what the Makefile says of nextpnr."""
    target = design.target
    return {
        "title": target.family.title,
        "programs": " ".join(programs(target.family)),
        "install": f"pip install {toolchain.NEXTPNR[target.family.program]}",
        "target": " ".join(target.arguments),
        "options": _OPTIONS[_format(target.family)],
        "constraints": constraints(target.family),
        "megahertz": design.megahertz,
        "seed": design.seed,
    }


def programs(family: Family) -> Sequence[str]:
    """Return the names that the nextpnr of a family has on PATH, the preferred first."""
    named = f"nextpnr-{family.program}"
    general = [named.rpartition("-")[0]] if named.count("-") > 1 else []
    return (named, *general, toolchain.NEXTPNR[family.program])


def _facts(family: Family) -> dict[str, object]:
    """Return what ``prepare.py`` reads of a family."""
    return {
        "top": TOP_AXIS,
        "carry": family.carry,
        "open_ports": family.open_ports,
        "constants": dict(family.constants),
        "block": asdict(family.block) if family.block else None,
        "flip_flop": asdict(family.flip_flop) if family.flip_flop else None,
    }


def _of_flow(*path: str) -> str:
    return files(pnr).joinpath(*path).read_text(encoding="utf-8")
