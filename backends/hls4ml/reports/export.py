"""Vivado's numbers in the words of HLS: `<top>_export.rpt`, after export_design -flow.

Source: UG902 and UG1399, export_design. Its BRAM counts blocks of 18 Kb.
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
        version: of Vivado.
        part: full name.
        routed: after place and route, else after synthesis.
        used: of the whole design.
        required_ns: clock period asked for.
        achieved_ns: clock period reached.
    """

    version: str
    part: str
    routed: bool
    used: Used
    required_ns: float
    achieved_ns: float


_COUNTS = {"lut": "LUT", "ff": "FF", "dsp": "DSP", "bram_18k": "BRAM", "uram": "URAM"}


def read_export(path: Path) -> Export:
    """An export report.

    Raises:
        ReportError: the file is missing or damaged; names the field.
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
    """A count; parts without UltraRAM have no line for it."""
    return fields.get(name, "0" if name == "URAM" else None)
