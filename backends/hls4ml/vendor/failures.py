"""Failures of the vendor tools: known texts in a log give the kind of failure and a hint.

`dse.contracts.errors.FailureKind.retry` defines which kinds are tried again. Sources of the texts:
logs of the tools, and hls4ml's issues 374, 904, 1013 and 1168.
"""

import re
from dataclasses import dataclass

from backends.hls4ml.reports.log import after_last_stage, parse_log
from dse.contracts.errors import EvaluationError, FailureKind

_LAST_ERRORS = 12


@dataclass(frozen=True)
class KnownFailure:
    """A failure that a line of a log identifies.

    Args:
        pattern: matched against single lines, ignoring case.
        kind: kind of failure.
        message: what happened.
        hint: what to do about it.
    """

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
        "dse waits and tries again; --licence NAME=N limits how many dse uses at a time",
    ),
    _known(
        r"valid license was not found|license checkout failed|no license|\[Common 17-345\]",
        FailureKind.LICENCE,
        "no licence for the tool",
        "check the licence server (LM_LICENSE_FILE); dse waits and tries again",
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
        "dse tries once more; see the log",
    ),
    _known(
        r"more \S+ cells than are available|\[Place 30-640\]|\[DRC UTLZ-1\]|over-utilized",
        FailureKind.INVALID_POINT,
        "the design does not fit the part",
        "use a larger part, fewer bits, or a higher reuse_factor",
    ),
    _known(
        r"\[COSIM 212-40\]|cannot find generated (vhdl|verilog) files|synthesis was not successful",
        FailureKind.TOOL_FAILED,
        "there is no result of C synthesis to continue with",
        "find in the log what stopped C synthesis, and run it again from the start",
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
        "HLS rejects the code",
        "the log names the reason in the lines before this one",
    ),
    _known(
        r"\[HLS 200-478\]|\[Vivado 12-13638\]|failed runs?\(s\)",
        FailureKind.TOOL_FAILED,
        "Vivado failed in a run that HLS started",
        "see Vivado's own log in the project's folder",
    ),
)
"""Known failures, in the order of checking: causes come before texts that any failure ends with.

There is no entry for ERROR lines as such: hls4ml's build_prj.tcl provokes some and goes on."""


_HARMLESS = re.compile(r"\[HLS 200-(642|101)\].*config_array_partition")
"""The error of `config_array_partition -maximum_size`, which Vitis HLS does not support: hls4ml's
build_prj.tcl runs it inside a `catch`. Its number is 200-642, or 200-101 from 2024.2 on."""


def recognise(log: str) -> tuple[KnownFailure, str] | None:
    """Return the first known failure that a line of the log matches, and that line."""
    lines = log.splitlines()
    for known in KNOWN_FAILURES:
        for line in lines:
            if known.pattern.search(line):
                return known, line.strip()
    return None


def last_errors(log: str) -> list[str]:
    """Return the log's last error lines, at most 12, without the harmless one."""
    return [line for line in parse_log(log).errors if not _HARMLESS.search(line)][-_LAST_ERRORS:]


def last_problem(log: str) -> str:
    """Return the last error behind the last stage that a log shows as completed; else empty."""
    end = after_last_stage(log)
    errors, known = last_errors(end), recognise(end)
    return errors[-1] if errors else known[1] if known else ""


def classify(
    log: str, otherwise: str, kind: FailureKind = FailureKind.TOOL_FAILED, hint: str = ""
) -> EvaluationError:
    """Return the error that describes a failed run, from its log.

    Args:
        log: text of the log.
        otherwise: message for a log without a known failure; its last error line is appended.
        kind: kind of failure for such a log.
        hint: what to do for such a log.
    """
    errors, found = last_errors(log), recognise(log)
    if found is None:
        message = f"{otherwise}: {errors[-1]}" if errors else otherwise
        shown = "\n".join(errors) or log[-2000:]
        return EvaluationError(kind, message, hint=hint or "see the log", log=shown)
    known, line = found
    shown = "\n".join(errors if line in errors else [*errors, line])
    return EvaluationError(known.kind, known.message, hint=known.hint, log=shown)
