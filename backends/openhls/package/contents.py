"""The files of a package, by path."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from backends.openhls.package import bench
from backends.openhls.package.axis import wrapper
from backends.openhls.package.design import Design
from backends.openhls.package.interface import AxiStream, input_beats, output_beats
from backends.openhls.package.placing import files_for_nextpnr, make_values
from backends.openhls.package.readme import core_name, readme
from backends.openhls.package.templates import filled
from backends.openhls.package.verilog import readable
from backends.openhls.testbench import hexadecimal

SUMS = "SHA256SUMS"


def contents(design: Design) -> dict[str, str]:
    """Return all files of a package but its checksums; equal designs give equal bytes."""
    period = f"{design.period_ns:g}"
    files = {
        "rtl/network.v": readable(design),
        "rtl/network_axis.v": wrapper(design.interface),
        "tb/network_axis_tb.v": bench.testbench(design.interface, design.samples),
        **_vectors(design),
        "constraints/clock.xdc": filled("clock.xdc", period=period),
        "constraints/vivado.tcl": filled("vivado.tcl", period=period, part=design.vivado_part),
        **files_for_nextpnr(design),
        "Makefile": filled("Makefile", **make_values(design)),
        "design.json": json.dumps(_facts(design), indent=1) + "\n",
        "README.md": readme(design),
    }
    return {**files, "network.core": _core(design, files)}


def sums(files: Mapping[str, bytes]) -> str:
    """Return the text of `SHA256SUMS`, which `sha256sum -c` reads."""
    hashes = {path: hashlib.sha256(files[path]).hexdigest() for path in sorted(files)}
    return "".join(f"{digest}  {path}\n" for path, digest in hashes.items())


def _vectors(design: Design) -> dict[str, str]:
    """Return the beats of inputs and outputs, a line each, for $readmemh."""
    interface = design.interface
    beats = {s.name: input_beats(s, design.inputs) for s in interface.inputs}
    beats["expected"] = output_beats(interface.output, design.outputs)
    return {f"vectors/{name}.hex": hexadecimal(rows) for name, rows in beats.items()}


def _core(design: Design, files: Mapping[str, str]) -> str:
    """Return the core file of FuseSoC; it copies the vectors to where the simulation runs."""
    vectors = [path for path in files if path.startswith("vectors/")]
    return filled(
        "network.core",
        core=core_name(design),
        description=design.title,
        part=design.vivado_part,
        family=design.target.family.name,
        family_title=design.target.family.title,
        vectors="\n".join(f"      - {p}: {{file_type: user, copyto: {p}}}" for p in vectors),
    )


def _facts(design: Design) -> dict[str, Any]:
    """Return what programs need to know about the design."""
    interface = design.interface
    return {
        "format": 1,
        "title": design.title,
        "made_by": dict(design.made_by),
        "workload_fingerprint": design.fingerprint,
        "parameters": dict(design.parameters),
        "inferences": design.samples,
        "latency_cycles": interface.latency,
        "interval_cycles": interface.interval,
        "inputs": [stream_facts(stream) for stream in interface.inputs],
        "output": stream_facts(interface.output),
    }


def stream_facts(stream: AxiStream) -> dict[str, Any]:
    """Return a stream as JSON: bytes and fields of a beat, beats of an inference."""
    fields = [
        {
            "name": field.name,
            "elements": field.elements,
            "bits": field.type.width,
            "fractional_bits": field.type.fractional,
            "signed": field.type.signed,
            "rounding": field.type.rounding,
            "overflow": field.type.overflow,
        }
        for field in stream.fields
    ]
    return {"name": stream.name, "bytes": stream.bytes, "beats": stream.beats, "fields": fields}
