"""The README of a package."""

import re

from backends.openhls import toolchain
from backends.openhls.package import placing
from backends.openhls.package.design import Design
from backends.openhls.package.interface import AxiStream
from backends.openhls.package.templates import filled


def readme(design: Design) -> str:
    """Return the README: what the package is, its streams, and its commands."""
    interface = design.interface
    if interface.latency is None:
        timing = f"An inference takes {interface.interval} cycles of the slowest layer."
    else:
        timing = (
            f"A result comes {interface.latency} cycles after its input; "
            f"an input is taken every {interface.interval} cycles."
        )
    streams = (*interface.inputs, interface.output)
    return filled(
        "README.md",
        title=design.title,
        core=core_name(design),
        made_by="\n".join(f"* {name} {number}" for name, number in design.made_by.items()),
        timing=timing,
        streams="\n".join(_row(stream, n) for stream in streams for n in range(len(stream.fields))),
        samples=design.samples,
        part=design.vivado_part,
        family=design.target.family.title,
        constraints=placing.constraints(design.target.family).rpartition("/")[2],
        nextpnr=toolchain.NEXTPNR[design.target.family.program],
        period=f"{design.period_ns:g}",
        parameters="\n".join(f"| {name} | {_cell(v)} |" for name, v in design.parameters.items()),
    )


def core_name(design: Design) -> str:
    """Return the name of the package among FuseSoC's cores."""
    return re.sub(r"\W+", "_", design.title)


def _row(stream: AxiStream, number: int) -> str:
    """Return the row of the table of streams for one of its fields."""
    field = stream.fields[number]
    low = sum(before.bits for before in stream.fields[:number])
    kind = field.type
    sign = "signed" if kind.signed else "unsigned"
    what = f"{field.elements} × {kind.width} bits {sign}, last bit 2^{-kind.fractional}"
    place = f"{low + field.bits - 1}:{low}"
    return f"| {stream.name} | {stream.beats} | {place} | {field.name} | {what} |"


def _cell(value: object) -> str:
    return "–" if value is None else str(value).replace("|", "\\|")
