"""Published figures and numbers, each with its source, to compare own results with.

A package names a folder of YAML files by an entry point of the group ``dse.references``. A file
holds one publication::

    key: heintz2020
    title: Heintz et al. 2020
    source: arXiv:2012.01563
    figures:
      - key: 2-left
        title: "Fig. 2 left: latency against the momentum cut"
        studies: [pt_cut]
        x: pt_min_gev
        metrics: [latency_ns]
        curves:
          - {label: Arria 10, metric: latency_ns, unit: ns, source: notebook, points: [[1, 2.5e9]]}
"""

from collections.abc import Iterable, Mapping
from importlib.resources.abc import Traversable
from typing import Annotated, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from dse.contracts.errors import DataError

Text = Annotated[str, Field(min_length=1)]
COLUMNS = ("x", "y", "metric", "line")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Curve(_Section):
    """Published values of one metric over the x of a figure.

    Args:
        label: name of the line, with a short form of the source.
        metric: name of the metric.
        unit: of the values; empty for none.
        source: where the values were read.
        points: pairs of x and y.
    """

    label: Text
    metric: Text
    unit: str = ""
    source: Text
    points: Annotated[tuple[tuple[float, float], ...], Field(min_length=1)]


class Figure(_Section):
    """One figure, or one panel of it.

    Args:
        key: short name, unique in its file.
        title: of the page that shows it.
        studies: names of the studies that reproduce it.
        x: parameter, or ``backend.metric``, on the horizontal axis.
        metrics: metrics on the vertical axis, one panel each, from all backends that have them.
        line: parameter that gets a line per value.
        panel: parameter that gets a panel per value.
        log: logarithmic axes.
        curves: published values.
    """

    key: Text
    title: Text
    studies: tuple[str, ...] = ()
    x: Text
    metrics: Annotated[tuple[str, ...], Field(min_length=1)]
    line: str = ""
    panel: str = ""
    log: tuple[Literal["log_x", "log_y"], ...] = ()
    curves: tuple[Curve, ...] = ()


class Reference(_Section):
    """One publication, as a YAML file describes it.

    Args:
        key: short name, unique among all files.
        title: for display.
        source: identifier such as ``arXiv:2012.01563``.
        figures: in the order of the publication.
    """

    key: Text
    title: Text
    source: Text
    figures: tuple[Figure, ...] = ()


class References:
    """All publications of the installed packages.

    Args:
        folders: folders of YAML files.

    Raises:
        DataError: a file is invalid, or two files have the same key; the message names the
            file and the place in it.
    """

    def __init__(self, folders: Iterable[Traversable]) -> None:
        self.all: dict[str, Reference] = {}
        files = (file for folder in folders for file in folder.iterdir())
        for file in sorted(files, key=str):  # folders list in no order; `of_study` takes the first
            if not file.name.endswith((".yaml", ".yml")):
                continue
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


def read_reference(file: Traversable) -> Reference:
    """Read one file of a publication.

    Raises:
        DataError: the file is no valid YAML, or a key is missing, unknown or has a value of
            the wrong type.
    """
    try:
        tree = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise DataError(f"cannot be read: {error}", where=str(file)) from error
    try:
        found = Reference.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        hint = "the format is described in dse.analysis.references"
        raise DataError(first["msg"], where=f"{file} ({place})", hint=hint) from error
    keys = [figure.key for figure in found.figures]
    for index, key in enumerate(keys):
        if key in keys[:index]:
            where = f"{file} (figures.{index}.key)"
            raise DataError(f"another figure has the key '{key}' too", where=where)
    return found
