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


class Kind(StrEnum):
    """Kind of a report; the value describes it to the user."""

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
    kind: Kind
    top: str = ""

    def __str__(self) -> str:
        """Return what the file is."""
        return f"{self.kind} of {self.top}" if self.top else str(self.kind)


_CONTENT: dict[str, tuple[tuple[Kind, str], ...]] = {
    "xml": (
        (Kind.DESIGN, r"<profile>(?=.*<(?:ModuleInformation|RtlModules)>).*?<TopModelName>(\w+)"),
        (Kind.CSYNTH, r"<profile>.*?<TopModelName>(\w+)"),
        (Kind.OTHER, r"<profile>"),
    ),
    "rpt": (
        (Kind.SUMMARY, r"== Synthesis Summary Report of '(\w+)'"),
        (Kind.CSYNTH, r"== \w+ HLS Report for '(\w+)'"),
        (Kind.EXPORT, r"^Implementation tool:.*?^CP (?:required|achieved)()"),
        (Kind.COSIM, r"^[+|] +RTL +[+|] +Status +[+|]()"),
        (Kind.OTHER, r"^\| *Command *: *report_utilization .*-hierarchical.*()$"),
        (Kind.UTILISATION, r"^\| *Command *: *report_utilization(?:.*?^\| *Design *: *(\w+))?"),
        (Kind.TIMING, r"^\| *Command *: *report_timing(?:.*?^\| *Design *: *(\w+))?"),
        (Kind.UTILISATION, r"^\| *Tool Version *: *Vivado .*?^\| *(?:CLB|Slice) LUTs()"),
        (Kind.TIMING, r"^\| *Tool Version *: *Vivado .*?(?:WNS\(ns\)|^Slack \()()"),
        (Kind.OTHER, r"^\| *Tool Version *: *Vivado ()|^== Design Size Report()"),
    ),
    "json": ((Kind.PARSED, r'"(?:CSynthesisReport|VivadoSynthReport|CosimReport)"\s*:\s*\{()'),),
    "log": ((Kind.LOG, r"^\*{6} (?:Vivado\(TM\) HLS|Vitis HLS|vitis) ()"),),
}
_CONTENT["txt"] = (*_CONTENT["rpt"], *_CONTENT["log"])

_NAMES = (
    (Kind.DESIGN, r"csynth\.xml"),
    (Kind.CSYNTH, r".+_csynth\.(?:xml|rpt)|csynth\.rpt"),
    (Kind.COSIM, r".*_cosim\.rpt"),
    (Kind.EXPORT, r".+_export\.rpt"),
    (Kind.UTILISATION, r"(?:vsynth|impl)_utilization\.rpt|vivado_(?:synth|utilization)\.rpt"),
    (Kind.TIMING, r"(?:vsynth|impl)_timing\.rpt"),
    (Kind.LOG, "|".join(map(re.escape, LOGS))),
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
    if named is Kind.LOG:
        return Recognised(path, named)
    text = read_start(path, _READ)
    for kind, pattern in patterns:
        if found := re.search(pattern, text, re.MULTILINE | re.DOTALL):
            # The tool's own name shows what a damaged report was.
            shown = named if named and kind is Kind.OTHER else kind
            return Recognised(path, shown, next(filter(None, found.groups()), ""))
    return Recognised(path, named) if named else None
