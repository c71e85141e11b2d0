"""Reports parsed by hls4ml (`parse_vivado_report`), stored as JSON.

Source: hls4ml 1.3, report/vivado_report.py. Its BRAM_18K of Vivado's synthesis is the row
"Block RAM Tile", which counts blocks of 36 Kb in halves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backends.hls4ml.reports.cosim import Cosim
from backends.hls4ml.reports.csynth import Csynth, Timing, Used
from dse.contracts.offline import parse_json
from dse.runtime.report_files import ReportError, cycles, decimal, read_text, whole

_CSYNTH, _VSYNTH, _COSIM = "CSynthesisReport", "VivadoSynthReport", "CosimReport"
_COUNTS = {"lut": "LUT", "ff": "FF", "dsp": "DSP", "bram_18k": "BRAM_18K"}
_LEFT_OUT = ("ImplementationReport", "TimingReport")
"""Sections of the block design that hls4ml puts around the network on a board."""


@dataclass(frozen=True)
class Parsed:
    """A parsed report.

    Args:
        csynth: C synthesis, without part and version; None where the file lacks it.
        cosim: co-simulation; None where the file lacks it.
        vsynth: resources by Vivado's synthesis; None where the file lacks it.
        left_out: names of sections that are not of the HLS design.
    """

    csynth: Csynth | None
    cosim: Cosim | None
    vsynth: Used | None
    left_out: tuple[str, ...]


def read_parsed(path: Path) -> Parsed:
    """Read hls4ml's JSON.

    Raises:
        ReportError: the file is missing or damaged; the message names the key.
    """
    tree = parse_json(read_text(path))
    if not isinstance(tree, dict):
        raise ReportError(path, "is not a JSON object")
    sections = {name: _section(path, tree, name) for name in (_CSYNTH, _COSIM, _VSYNTH)}
    csynth, cosim, vsynth = sections.values()
    return Parsed(
        _csynth(path, csynth) if csynth else None,
        _cosim(path, cosim) if cosim else None,
        _vsynth(path, vsynth) if vsynth else None,
        tuple(name for name in _LEFT_OUT if name in tree),
    )


def _section(path: Path, tree: Mapping[str, Any], name: str) -> dict[str, str | None]:
    """Return a section with all values as text; {} where it is missing or empty."""
    found = tree.get(name, {})
    if not isinstance(found, dict):
        raise ReportError(path, f"{name} is not a JSON object")
    # bool and null are no numbers: their texts, True and None, are refused as such.
    return {key: str(value) for key, value in found.items()}


def _csynth(path: Path, found: Mapping[str, str | None]) -> Csynth:
    names = ("BestLatency", "WorstLatency", "IntervalMin", "IntervalMax")
    return Csynth(
        version="",
        part="",
        top="",
        target_clock_ns=decimal(path, "TargetClockPeriod", found.get("TargetClockPeriod")),
        estimated_clock_ns=decimal(path, "EstimatedClockPeriod", found.get("EstimatedClockPeriod")),
        uncertainty_ns=None,
        timing=Timing(*(cycles(path, name, found.get(name)) for name in names)),
        used=_used(path, found, ""),
        available=_used(path, found, "Available"),
    )


def _used(path: Path, found: Mapping[str, str | None], prefix: str) -> Used:
    counts = {n: whole(path, prefix + key, found.get(prefix + key)) for n, key in _COUNTS.items()}
    return Used(**counts, uram=whole(path, f"{prefix}URAM", found.get(f"{prefix}URAM", "0")))


def _cosim(path: Path, found: Mapping[str, str | None]) -> Cosim:
    names = ("LatencyMin", "LatencyMax", "IntervalMin", "IntervalMax")
    status = found.get("Status")
    if status not in {"Pass", "Fail"}:
        raise ReportError(path, f"{_COSIM} Status is {status!r}, not Pass or Fail")
    timing = Timing(*(cycles(path, name, found.get(name)) for name in names))
    return Cosim(str(found.get("RTL")), status == "Pass", timing)


def _vsynth(path: Path, found: Mapping[str, str | None]) -> Used:
    tiles = decimal(path, f"{_VSYNTH} BRAM_18K", found.get("BRAM_18K"))
    if tiles < 0 or not (2 * tiles).is_integer():
        raise ReportError(path, f"{_VSYNTH} BRAM_18K is {tiles}, not a count of halves")
    dsp = found.get("DSP48E", found.get("DSP"))
    return Used(
        lut=whole(path, f"{_VSYNTH} LUT", found.get("LUT")),
        ff=whole(path, f"{_VSYNTH} FF", found.get("FF")),
        dsp=whole(path, f"{_VSYNTH} DSP48E", dsp),
        bram_18k=int(2 * tiles),
        uram=whole(path, f"{_VSYNTH} URAM", found.get("URAM", "0")),
    )
