"""Published figures, numbers and claims, each with its source, to compare own results with.

A package names a folder of YAML files by an entry point of the group ``dse.references``. A file
holds one publication; `dse.analysis.reference_models` and `dse.analysis.claims` describe its
sections, ``dse schema --reference`` prints them as a JSON schema.
"""

from collections.abc import Iterable, Iterator, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path

import pandas as pd

from dse.analysis.claims import Claim
from dse.analysis.reference_files import read_reference
from dse.analysis.reference_models import Figure, Reference
from dse.contracts.errors import DataError

__all__ = ["COLUMNS", "Figure", "Reference", "References", "read_reference"]

COLUMNS = ("x", "y", "metric", "line")


class References:
    """All publications of the installed packages, and further files.

    Args:
        folders: folders of YAML files.
        files: further files.

    Raises:
        DataError: a file is invalid, or two files have the same key; the message names the
            file and the place in it.
    """

    def __init__(self, folders: Iterable[Traversable], files: Iterable[Path] = ()) -> None:
        self.all: dict[str, Reference] = {}
        found = [file for folder in folders for file in folder.iterdir()]
        listed = sorted(found, key=str)  # folders list in no order; `of_study` takes the first
        named = [file for file in listed if file.name.endswith((".yaml", ".yml"))]
        for file in (*named, *files):
            self._add(file)

    def _add(self, file: Traversable) -> None:
        found = read_reference(file)
        if found.key in self.all:
            raise DataError(
                f"another file has the key '{found.key}' too",
                where=f"{file} (key)",
                hint="choose another key",
            )
        self.all[found.key] = found

    @property
    def figures(self) -> Mapping[str, Figure]:
        """All figures, by keys such as ``heintz2020.2-left``."""
        return {f"{one.key}.{f.key}": f for one in self.all.values() for f in one.figures}

    def of_study(self, study: str) -> Figure | None:
        """Return the first figure that a study reproduces; None where there is none."""
        return next((f for f in self.figures.values() if study in f.studies), None)

    def claims(self, study: str) -> Iterator[tuple[Reference, Claim]]:
        """Yield the claims that a study tests, each with its publication; of "", the others."""
        for reference in self.all.values():
            for claim in reference.claims:
                if study in claim.studies or not (study or claim.studies):
                    yield reference, claim

    @property
    def tested_studies(self) -> list[str]:
        """Names of the studies that some claim names, in the order of the claims."""
        claims = (claim for reference in self.all.values() for claim in reference.claims)
        return list(dict.fromkeys(study for claim in claims for study in claim.studies))

    def curves(self, x: str, figure: Figure | None = None) -> pd.DataFrame:
        """Return published values over a quantity.

        Args:
            x: quantity on the horizontal axis.
            figure: take the curves of this figure only.

        Returns:
            Columns x, y, metric, line, one row per value; empty where nothing was published.
        """
        figures = self.figures.values() if figure is None else [figure]
        rows = [
            (*point, curve.metric, curve.label)
            for one in figures
            if one.x == x
            for curve in one.curves
            for point in curve.points
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS))
