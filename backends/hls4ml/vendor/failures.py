"""What a tool's log says went wrong: known texts become kinds of failure with a hint.

`dse.contracts.errors.FailureKind.retry` says what is done about each kind. Sources: the tools'
own logs, and hls4ml's issues 374, 904, 1013 and 1168.
"""

import re
from dataclasses import dataclass

from backends.hls4ml.reports.log import parse_log
from dse.contracts.errors import EvaluationError, FailureKind

_LAST_ERRORS = 12


@dataclass(frozen=True)
class KnownFailure:
    """One known failure."""

    pattern: re.Pattern[str]
    kind: FailureKind
    message: str
    hint: str


def _known(pattern: str, kind: FailureKind, message: str, hint: str) -> KnownFailure:
    return KnownFailure(re.compile(pattern, re.IGNORECASE), kind, message, hint)


KNOWN_FAILURES = (
    _known(
        r"licensed number of users|all licenses (are )?(currently )?in use|\[Common 17-346\]",
        FailureKind.LICENCE,
        "all licences are in use",
        "runs wait and try again; --licence NAME=N keeps dse from asking for more than there are",
    ),
    _known(
        r"valid license was not found|license checkout failed|no license|\[Common 17-345\]",
        FailureKind.LICENCE,
        "no licence for the tool",
        "check the licence server (LM_LICENSE_FILE); runs wait and try again",
    ),
    _known(
        r"part '?\S+'? is not (installed|supported)|\[HLS 200-1023\]",
        FailureKind.INVALID_POINT,
        "the part is not installed",
        "install the device family, or choose another part",
    ),
    _known(
        r"\[XFORM 203-504\]|stop unrolling loop",
        FailureKind.INVALID_POINT,
        "HLS refuses to unroll this much",
        "raise reuse_factor, use strategy: resource, or a lower parallelization_factor",
    ),
    _known(
        r"std::bad_alloc|out of memory|cannot allocate memory|^\S*\s*killed\b|oom-kill",
        FailureKind.OUT_OF_MEMORY,
        "the tool ran out of memory",
        "give it more memory, or make the design smaller: raise reuse_factor",
    ),
    _known(
        r"no space left on device|disk quota exceeded",
        FailureKind.DISK_FULL,
        "the disk is full",
        "free space (dse cache prune) or choose another --cache; the next run tries again",
    ),
    _known(
        r"abnormal program termination|internal (data )?exception|segmentation fault|SIGSEGV",
        FailureKind.CRASHED,
        "the tool crashed",
        "it is tried once more; see the log",
    ),
    _known(
        r"more \S+ cells than are available|\[Place 30-640\]|\[DRC UTLZ-1\]|over-utilized",
        FailureKind.INVALID_POINT,
        "the design does not fit the part",
        "a larger part, fewer bits, or a higher reuse_factor",
    ),
    _known(
        r"\[COSIM 212-40\]|cannot find generated (vhdl|verilog) files|synthesis was not successful",
        FailureKind.TOOL_FAILED,
        "there is no result of C synthesis to go on with",
        "look for what stopped C synthesis in the log, and run it again from the start",
    ),
    _known(
        r"\[SIM 211-100\]|csim failed",
        FailureKind.TOOL_FAILED,
        "C simulation failed",
        "the compiler's message is in the log",
    ),
    _known(
        r"^ERROR: \[COSIM 212-|^ERROR: test failed|c/rtl co-simulation finished: fail",
        FailureKind.TOOL_FAILED,
        "co-simulation does not agree with C simulation",
        "see the log; the design may depend on uninitialised data",
    ),
    _known(
        r"could not read script|\[AP-1\]",
        FailureKind.TOOL_FAILED,
        "the tool did not find its script",
        "run it in the project's folder",
    ),
    _known(
        r"\[HLS 200-70\]|pre-synthesis failed",
        FailureKind.TOOL_FAILED,
        "HLS refuses the code",
        "the lines before this one in the log name the reason",
    ),
    _known(
        r"\[HLS 200-478\]|\[Vivado 12-13638\]|failed runs?\(s\)",
        FailureKind.TOOL_FAILED,
        "Vivado failed in a run that HLS started",
        "see Vivado's own log in the project",
    ),
)
"""Checked in this order; an ERROR line alone is no failure (hls4ml's own script causes some)."""


_HARMLESS = re.compile(r"\[HLS 200-(642|101)\].*config_array_partition")
"""hls4ml's script provokes it and goes on."""


def recognise(log: str) -> tuple[KnownFailure, str] | None:
    """The first of the atlas that a line of the log matches, and that line."""
    lines = log.splitlines()
    for known in KNOWN_FAILURES:
        for line in lines:
            if known.pattern.search(line):
                return known, line.strip()
    return None


def last_errors(log: str) -> list[str]:
    """The log's last lines of errors, without those that mean nothing."""
    return [line for line in parse_log(log).errors if not _HARMLESS.search(line)][-_LAST_ERRORS:]


def classify(
    log: str, otherwise: str, kind: FailureKind = FailureKind.TOOL_FAILED, hint: str = ""
) -> EvaluationError:
    """The error that a failed run's log tells of.

    Args:
        log: text of the log.
        otherwise: message where nothing known is in it; the last line of errors follows.
        kind: of failure then.
        hint: what to do then.
    """
    errors, found = last_errors(log), recognise(log)
    if found is None:
        message = f"{otherwise}: {errors[-1]}" if errors else otherwise
        shown = "\n".join(errors) or log[-2000:]
        return EvaluationError(kind, message, hint=hint or "see the log", log=shown)
    known, line = found
    shown = "\n".join(errors if line in errors else [*errors, line])
    return EvaluationError(known.kind, known.message, hint=known.hint, log=shown)
