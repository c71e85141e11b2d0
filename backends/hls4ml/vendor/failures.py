"""What a tool's log says went wrong: known texts become kinds of failure with a hint.

Sources: the tools' own logs, and hls4ml's issues 374, 904, 1013 and 1168.
"""

import re
from dataclasses import dataclass

from dse.errors import EvaluationError, FailureKind

_LAST_ERRORS = 12


@dataclass(frozen=True)
class Known:
    """One known failure."""

    pattern: re.Pattern[str]
    kind: FailureKind
    message: str
    hint: str


def _known(pattern: str, kind: FailureKind, message: str, hint: str) -> Known:
    return Known(re.compile(pattern, re.IGNORECASE), kind, message, hint)


ATLAS = (
    _known(
        r"valid license was not found|license checkout failed|no license|\[Common 17-345\]",
        FailureKind.LICENCE,
        "no licence for the tool",
        "check the licence server; runs wait and try again",
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
        r"std::bad_alloc|out of memory|cannot allocate memory|^killed\b",
        FailureKind.OUT_OF_MEMORY,
        "the tool ran out of memory",
        "give it more memory, or make the design smaller: raise reuse_factor",
    ),
    _known(
        r"no space left on device|disk quota exceeded",
        FailureKind.TOOL_FAILED,
        "the disk is full",
        "free space: dse cache prune, or another --cache",
    ),
    _known(
        r"\[COSIM 212-|\[SIM 211-100\]|test failed",
        FailureKind.TOOL_FAILED,
        "simulation does not agree with C",
        "see the log; the design may depend on uninitialised data",
    ),
    _known(
        r"abnormal program termination|internal (data )?exception|segmentation fault",
        FailureKind.CRASHED,
        "the tool crashed",
        "it is tried once more; see the log",
    ),
)
"""Checked in this order; an ERROR line alone is no failure (hls4ml's own script causes some)."""


def classify(log: str, otherwise: str) -> EvaluationError:
    """The error that a failed run's log tells of.

    Args:
        log: text of the log.
        otherwise: message where nothing known is in it.
    """
    lines = [line for line in log.splitlines() if "ERROR" in line or "error:" in line.lower()]
    tail = "\n".join(lines[-_LAST_ERRORS:]) or log[-2000:]
    for known in ATLAS:
        if any(known.pattern.search(line) for line in log.splitlines()):
            return EvaluationError(known.kind, known.message, hint=known.hint, log=tail)
    return EvaluationError(FailureKind.TOOL_FAILED, otherwise, log=tail)
