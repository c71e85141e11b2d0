"""Which output of a network with several is scored, and which are built."""

from collections.abc import Mapping, Sequence
from typing import Any

from dse.contracts.errors import EvaluationError, FailureKind

ALL, SCORED = "all", "scored"
"""Which outputs are built: all of them, or the one that is scored."""


def builds_all(manifest: Mapping[str, Any]) -> bool:
    """Whether a prepared workload asks for all outputs of its network, not only the scored one."""
    return manifest.get("built_outputs") == ALL


def chosen_output(names: Sequence[str], asked: object) -> str:
    """Return the name of the output that is scored.

    Args:
        names: the network's outputs.
        asked: the name that the study gives; None for the only output.

    Raises:
        EvaluationError: there is no such output, or several and none is named.
    """
    if asked is None and len(names) == 1:
        return names[0]
    if asked in names:
        return str(asked)
    said = "" if asked is None else f"no output '{asked}', but "
    count = f"{len(names)} outputs" if len(names) > 1 else "one output"
    message = f"the network has {said}{count} ({', '.join(names)})"
    hint = "set workload.output to the name of the one that is scored (dse init: --output)"
    raise EvaluationError(FailureKind.INVALID_POINT, message, hint=hint)
