"""What `dse best` prints of the design to build."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dse.cli.console import console, database_option, print_json
from dse.cli.front_notes import targets

if TYPE_CHECKING:
    from dse.analysis.decision import Decision
    from dse.analysis.limits import StudyLimits
    from dse.analysis.points import Points


def print_decision(
    points: "Points",
    conditions: Sequence[str],
    limits: "StudyLimits",
    database: str,
    *,
    part: str | None,
    as_json: bool,
) -> None:
    """Print the answer in a sentence, what was left out, and the command that builds it.

    Raises:
        UsageError: the study has no objective with numbers, or no point is left.
    """
    from dse.analysis.decision import decide
    from dse.analysis.decision_text import commands, left_out_text, sentence
    from dse.analysis.objectives import objective_columns
    from dse.contracts.errors import UsageError

    columns = objective_columns(points)
    if not columns:
        hint = "name one: dse best --minimise lut"
        raise UsageError("no objective of the study has numbers", where=points.study, hint=hint)
    found = decide(points, columns, conditions, limits)
    if found is None:
        raise UsageError("no remaining point has all objectives", hint="loosen --where")
    if as_json:
        print_json(_flat(points, found))
        return
    out = console()
    out.print(sentence(points, found))
    backends = (one.column.backend for one in found.evidence)
    for note in targets(points, [found.number], backends, part):
        out.print(note)
    if note := left_out_text(found):
        out.print(note)
    if limits.texts:
        out.print(f"limits of the study: {', '.join(limits.texts)}")
    out.print(f"next: {'; '.join(commands(points, found, database_option(database)))}")


def _flat(points: "Points", found: "Decision") -> dict[str, Any]:
    numbers = {
        points.written[one.column]: {
            "value": one.value,
            "low": one.low,
            "high": one.high,
            "fidelity": one.column.fidelity.value,
            "tool": one.tool,
        }
        for one in found.evidence
    }
    steps = {
        name: step.number if step else None
        for name, step in (("cheaper", found.cheaper), ("better", found.better))
    }
    counts = {"allowed": found.n_allowed, "compared": found.n_compared, "beaten": found.n_beaten}
    return {
        "point": found.number,
        "parameters": dict(found.parameters),
        "numbers": numbers,
        **counts,
        "too_large": found.n_too_large,
        "front": found.n_front,
        **steps,
        "neighbours": list(found.neighbours),
    }
