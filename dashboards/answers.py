"""The design that a study speaks for, as a sentence for the page of all studies."""

from dashboards.source import Source
from dse.analysis.decision import Decision, decide
from dse.analysis.decision_text import evidence_text
from dse.analysis.failed import failed_text
from dse.analysis.limits import study_limits
from dse.analysis.objectives import objective_columns
from dse.contracts.errors import UsageError


def answer_of(source: Source, study: str) -> Decision | None:
    """Return the design that a study's objectives and limits speak for; None without one."""
    table = source.table(study)

    def make() -> Decision | None:
        columns = objective_columns(table)
        try:
            return decide(table, columns, (), study_limits(table)) if columns else None
        except UsageError:  # no point keeps the limits
            return None

    return table.once("answer", make)


def answer_text(source: Source, study: str) -> str:
    """Return one design with its numbers, such as ``point 3: AUC 0.98 bit-true, LUT 1,200``."""
    found, table = answer_of(source, study), source.table(study)
    if found is None:
        return ""
    numbers = (evidence_text(table, found.number, one) for one in found.evidence)
    said = filter(None, (", ".join(numbers), failed_text(table, found.number)))
    return f"point {found.number}: {'; '.join(said)}"
