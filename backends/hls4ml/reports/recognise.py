"""What a report file is: by its content, or by the name that its tool gives it.

Authors rename reports (`csynth.rpt`, `model16_rf4_core.rpt`, `synth.rpt`), so content counts first.
The tools' own names count where the content shows nothing, so that a damaged report is read, and
its damage reported, instead of overlooked.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from dse.runtime.report_files import read_start

# Authors put a build log before the report in one file, so the marks may come late.
_READ = 4_000_000

LOG = "tool.log"
LOGS = (LOG, "vitis_hls.log", "vivado_hls.log")
"""Log of a run by dse, then those that the HLS tools write themselves."""


class HlsFile(StrEnum):
    """What a file of an HLS tool is; the value describes it to the user."""

    CSYNTH = "C synthesis"
    DESIGN = "C synthesis of the whole design"
    SUMMARY = "Vitis HLS' summary"
    COSIM = "co-simulation"
    UTILISATION = "Vivado's utilisation"
    TIMING = "Vivado's timing"
    EXPORT = "export_design"
    PARSED = "reports parsed by hls4ml"
    LOG = "log of HLS"
    OTHER = "report that no reader takes"


@dataclass(frozen=True)
class Recognised:
    """A file that looks like a report.

    Args:
        path: the file.
        kind: what it is.
        top: name of the top function, or of Vivado's design; empty where the file gives none.
    """

    path: Path
    kind: HlsFile
    top: str = ""

    def __str__(self) -> str:
        """Return what the file is."""
        return f"{self.kind} of {self.top}" if self.top else str(self.kind)


_CONTENT: dict[str, tuple[tuple[HlsFile, str], ...]] = {
    "xml": (
        (
            HlsFile.DESIGN,
            r"<profile>(?=.*<(?:ModuleInformation|RtlModules)>).*?<TopModelName>(\w+)",
        ),
        (HlsFile.CSYNTH, r"<profile>.*?<TopModelName>(\w+)"),
        (HlsFile.OTHER, r"<profile>"),
    ),
    "rpt": (
        (HlsFile.SUMMARY, r"== Synthesis Summary Report of '(\w+)'"),
        (HlsFile.CSYNTH, r"== \w+ HLS Report for '(\w+)'"),
        (HlsFile.EXPORT, r"^Implementation tool:.*?^CP (?:required|achieved)()"),
        (HlsFile.COSIM, r"^[+|] +RTL +[+|] +Status +[+|]()"),
        (HlsFile.OTHER, r"^\| *Command *: *report_utilization .*-hierarchical.*()$"),
        (HlsFile.UTILISATION, r"^\| *Command *: *report_utilization(?:.*?^\| *Design *: *(\w+))?"),
        (HlsFile.TIMING, r"^\| *Command *: *report_timing(?:.*?^\| *Design *: *(\w+))?"),
        (HlsFile.UTILISATION, r"^\| *Tool Version *: *Vivado .*?^\| *(?:CLB|Slice) LUTs()"),
        (HlsFile.TIMING, r"^\| *Tool Version *: *Vivado .*?(?:WNS\(ns\)|^Slack \()()"),
        (HlsFile.OTHER, r"^\| *Tool Version *: *Vivado ()|^== Design Size Report()"),
    ),
    "json": ((HlsFile.PARSED, r'"(?:CSynthesisReport|VivadoSynthReport|CosimReport)"\s*:\s*\{()'),),
    "log": ((HlsFile.LOG, r"^\*{6} (?:Vivado\(TM\) HLS|Vitis HLS|vitis) ()"),),
}
_CONTENT["txt"] = (*_CONTENT["rpt"], *_CONTENT["log"])

_NAMES = (
    (HlsFile.DESIGN, r"csynth\.xml"),
    (HlsFile.CSYNTH, r".+_csynth\.(?:xml|rpt)|csynth\.rpt"),
    (HlsFile.COSIM, r".*_cosim\.rpt"),
    (HlsFile.EXPORT, r".+_export\.rpt"),
    (HlsFile.UTILISATION, r"(?:vsynth|impl)_utilization\.rpt|vivado_(?:synth|utilization)\.rpt"),
    (HlsFile.TIMING, r"(?:vsynth|impl)_timing\.rpt"),
    (HlsFile.LOG, "|".join(map(re.escape, LOGS))),
)


def recognise_report(path: Path) -> Recognised | None:
    """Return what a file is, gzipped or not; None for a file that is no report of these tools."""
    try:
        state = path.stat()
    except OSError:
        return None
    return _recognised(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=20_000)
def _recognised(path: Path, _modified: int, _size: int) -> Recognised | None:
    """Return the answer for one state of a file."""
    name = path.name.removesuffix(".gz")
    patterns = _CONTENT.get(name.rpartition(".")[2].lower(), ())
    if not patterns:
        return None
    named = next((kind for kind, form in _NAMES if re.fullmatch(form, name)), None)
    if named is HlsFile.LOG:
        return Recognised(path, named)
    text = read_start(path, _READ)
    for kind, pattern in patterns:
        if found := re.search(pattern, text, re.MULTILINE | re.DOTALL):
            # The tool's own name shows what a damaged report was.
            shown = named if named and kind is HlsFile.OTHER else kind
            return Recognised(path, shown, next(filter(None, found.groups()), ""))
    return Recognised(path, named) if named else None
