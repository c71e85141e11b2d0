"""Report of export_design with Vivado's synthesis or place and route (`<top>_export.rpt`).

Source: UG902 and UG1399, export_design. Its line BRAM counts blocks of 18 Kb.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from backends.hls4ml.reports.csynth import Used
from dse.runtime.report_files import ReportError, decimal, read_text, whole


@dataclass(frozen=True)
class Export:
    """An export report.

    Args:
        version: version of Vivado.
        part: full part name.
        routed: whether the numbers are of place and route; else they are of synthesis.
        used: resources of the whole design.
        required_ns: requested clock period.
        achieved_ns: achieved clock period.
    """

    version: str
    part: str
    routed: bool
    used: Used
    required_ns: float
    achieved_ns: float


_COUNTS = {"lut": "LUT", "ff": "FF", "dsp": "DSP", "bram_18k": "BRAM", "uram": "URAM"}


def read_export(path: Path) -> Export:
    """Read an export report.

    Raises:
        ReportError: the file is missing or damaged; the message names the field.
    """
    text = read_text(path)
    lines = re.findall(r"^([^:\n]+):[ \t]*(.*?)[ \t]*$", text, re.MULTILINE)
    fields = {name.strip(): value for name, value in lines}
    routed = "CP achieved post-implementation" in fields
    achieved = f"CP achieved post-{'implementation' if routed else 'synthesis'}"
    version = re.search(r"v\.?(\S+)$", fields.get("Implementation tool", ""))
    if version is None or not fields.get("Device target"):
        raise ReportError(path, "Implementation tool or Device target is missing")
    return Export(
        version=version.group(1),
        part=fields["Device target"],
        routed=routed,
        used=Used(
            **{key: whole(path, name, _count(fields, name)) for key, name in _COUNTS.items()}
        ),
        required_ns=decimal(path, "CP required", fields.get("CP required")),
        achieved_ns=decimal(path, achieved, fields.get(achieved)),
    )


def _count(fields: dict[str, str], name: str) -> str | None:
    """Return a count's text; "0" for a missing URAM line, which parts without UltraRAM lack."""
    return fields.get(name, "0" if name == "URAM" else None)
