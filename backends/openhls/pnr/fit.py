"""Whether a design fits its part: told from counts, before minutes are spent on placing it."""

from collections.abc import Mapping

from dse.analysis.utilisation import capacity
from dse.contracts.errors import EvaluationError, FailureKind

COLUMNS = {"lut4": "lut", "ff": "ff", "dsp": "dsp", "bram_18k": "bram_18k"}
"""Column of the table of parts that holds the capacity of each resource, by metric."""

_TITLES = {"lut4": "LUT4", "ff": "flip-flops", "dsp": "DSP multipliers", "bram_18k": "block RAMs"}

HINT = "take a larger part, a higher reuse factor or fewer bits"


def check_fit(part: str, counts: Mapping[str, int]) -> None:
    """Compare what a design takes with what a part has.

    Args:
        part: name of the part, which is in the table of parts.
        counts: what the design takes, by metric.

    Raises:
        EvaluationError: of kind does_not_fit; the message names every resource that runs out,
            and by how much.
    """
    holds = capacity(part).counts
    over = [
        f"{counts[name]:,} {title} of {holds[COLUMNS[name]]:,.0f}"
        f" ({counts[name] - holds[COLUMNS[name]]:,.0f} too many)"
        for name, title in _TITLES.items()
        if counts.get(name, 0) > holds[COLUMNS[name]]
    ]
    if over:
        raise does_not_fit(f"the design needs {' and '.join(over)} of {part}")


def does_not_fit(message: str, log: str = "") -> EvaluationError:
    """Return the failure of a design that a part cannot hold."""
    return EvaluationError(FailureKind.DOES_NOT_FIT, message, hint=HINT, log=log)
