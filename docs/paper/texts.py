"""The files that follow from the page's numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from dse.cli.svg_plot import figure
from paper.page import page

HERE = Path(__file__).parent
NUMBERS = HERE / "numbers.json"
EXPLANATIONS = HERE / "explanations.yaml"


def explanations() -> Mapping[str, str]:
    """Return why claims are contradicted, by their keys."""
    found: Mapping[str, str] = YAML(typ="safe").load(EXPLANATIONS.read_text())
    return found


def written(numbers: Mapping[str, Any]) -> Mapping[Path, str]:
    """Return the text of every file, by its path."""
    return {
        HERE.parent / "paper.md": page(numbers, explanations()),
        HERE / "figure.svg": figure(numbers["panels"]),
    }
