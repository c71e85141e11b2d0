"""Published figures as presets of scans: which study gives them, and which only looks like it."""

from collections.abc import Mapping
from typing import Any

from dse.analysis.columns import meant
from dse.analysis.points import Points
from dse.analysis.references import Figure
from dse.contracts.errors import DseError, StudyError
from dse.study.shipped import shipped_studies
from dse.study.source import parse_yaml

_DEPLOYED = ("name", "network", "model")
"""What has to be equal for two studies to evaluate the same network on the same kind of data."""


def is_given(table: Points, figure: Figure) -> bool:
    """Whether a study has what a figure shows: its horizontal axis and one of its metrics."""
    has_x = figure.x in table.parameters or bool("." in figure.x and meant(figure.x, table.columns))
    return has_x and any(meant(metric, table.columns) for metric in figure.metrics)


def reproduces(table: Points, figure: Figure) -> bool:
    """Whether published numbers of a figure may stand beside those of a study.

    Its name has to be one that the figure names, and its workload that of the shipped study.
    """
    if table.study not in figure.studies:
        return False
    mine, theirs = (_workload(text) for text in (_stored(table), _shipped(table.study)))
    return not (mine and theirs) or all(mine.get(n) == theirs.get(n) for n in _DEPLOYED)


def who_gives(study: str, figure: Figure) -> str:
    """Return a sentence that says which study gives a figure, with its command."""
    if not figure.studies:
        return f"{study} does not give {figure.title}, and no shipped study does"
    if study in figure.studies:
        return f"{study} has no numbers for {figure.title} yet: dse run {study}"
    commands = " or ".join(f"dse run {name}" for name in figure.studies)
    return f"{study} does not give {figure.title}. The study that does: {commands}"


def _stored(table: Points) -> str:
    return table.results.source(table.study)


def _shipped(study: str) -> str:
    try:
        file = shipped_studies().get(study)
        return file.read_text(encoding="utf-8") if file else ""
    except (DseError, OSError):
        return ""


def _workload(text: str) -> Mapping[str, Any]:
    try:
        tree, _ = parse_yaml(text, "study")
    except StudyError:
        return {}
    found = tree.get("workload") if isinstance(tree, dict) else None
    return found if isinstance(found, dict) else {}
