"""Kinds of failure, and exit codes."""

from collections.abc import Iterator

from dse.contracts import errors
from dse.contracts.errors import DseError, FailureKind
from generator.docstrings import attribute_docstrings
from generator.markdown import cell, code, generated, table


def page() -> str:
    """Return the page of failure kinds and exit codes."""
    meanings = attribute_docstrings(FailureKind)
    kinds = [
        (code(kind.value), cell(meanings.get(kind.name, "")), _retry(kind)) for kind in FailureKind
    ]
    codes = [(str(kind.exit_code), code(kind.__name__), _summary(kind)) for kind in _errors()]
    codes = [("0", "", "The command did what it was asked for."), *sorted(codes)]
    codes += [("130", "", "A run was interrupted; finished evaluations are stored.")]
    what = (
        "An evaluation that fails is stored with its kind, a message, a hint and an excerpt of "
        "the tool's log; it never becomes a number. `dse failures` groups them. A command that "
        "fails says what happened, where, and what to do, and ends with one of the exit codes."
    )
    first = table(("Kind", "Meaning", "Tried again"), kinds)
    second = table(("Exit code", "Error", "Meaning"), codes)
    body = f"## Kinds of failure\n\n{first}\n## Exit codes\n\n{second}"
    return generated("Failures and exit codes", what, body)


def _retry(kind: FailureKind) -> str:
    retry = kind.retry
    parts = []
    if retry.attempts:
        waits = f", waiting {retry.wait_s:g} s longer each time" if retry.wait_s else ""
        times = "once" if retry.attempts == 1 else f"{retry.attempts} times"
        parts.append(f"{times} in the same run{waits}")
    if retry.later:
        parts.append("in the next run")
    parts.append(f"with `--rerun {kind.value}`")
    return "; ".join(parts)


def _errors() -> Iterator[type[DseError]]:
    for kind in vars(errors).values():
        is_error = isinstance(kind, type) and issubclass(kind, DseError)
        if is_error and kind is not errors.EvaluationError:  # one that is stored ends no command
            yield kind


def _summary(kind: type[DseError]) -> str:
    return cell((kind.__doc__ or "").partition("\n\n")[0])
