"""Read inputs and targets of a data set, and check that a network can be scored on them."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

from dse.contracts.errors import DataError, nearest
from dse.runtime.modules import import_beside
from workloads.datasets.checks import checked
from workloads.datasets.readers import FORMATS, Array, Arrays, Format, reading
from workloads.datasets.sources import Source, sources

Samples = tuple[list[Array], Array]
"""Inputs in the order of the model, each of shape (samples, …), and targets, (samples, …)."""


def read_samples(text: str, targets: str | None, base: Path, key: str) -> Samples:
    """Read a data set.

    Args:
        text: sources of the inputs (see `sources`); without `targets`, of the targets too.
        targets: source of the targets, if they are elsewhere.
        base: folder that relative paths start at.
        key: name of the setting, such as ``test_set``, for errors.

    Raises:
        DataError: a file, a name in it, or the targets are missing; lengths differ, or values are
            not finite real numbers.
        ToolMissingError: the package that reads a file is not installed.
    """
    found = sources(text, base)
    if not found:
        raise DataError(f"workload.{key} is empty", hint="name a file, such as test.npz")
    if targets is not None:
        inputs = [one for source in found for one in _inputs(source, base, key)]
        truth_key = f"{key.partition('_')[0]}_targets"
        return checked(inputs, _targets(targets, base, truth_key))
    if len(found) > 1 or found[0].names:
        raise _no_targets(text, key)
    source = found[0]
    if source.is_function:
        return checked(*_pair(_call(source, base), source.place, key))
    return checked(*_whole(source.file(base, key), key))


Named = tuple[str, Array]
"""An array and where it is from, for errors."""


def _whole(path: Path, key: str) -> tuple[list[Named], Named]:
    """Return inputs x (or x_0, x_1, …) and targets y; of a table, y and all other columns."""
    form, arrays = _form(path), _all(path)
    if form is FORMATS[".npy"]:  # one array
        raise _no_targets(path.name, key)
    where = {name: (f"{path} ({name})", array) for name, array in arrays.items()}
    if form.table:
        if set(arrays) == {"y"} or "y" not in arrays:
            raise _no_targets(path.name, key, sorted(arrays))
        return [_table(path, {n: a for n, a in arrays.items() if n != "y"})], where["y"]
    numbered = [f"x_{i}" for i in range(len(arrays) - 1)]
    names = ["x"] if "x" in arrays else numbered
    if set(arrays) != {*names, "y"} or not names:
        hint = (
            "expected are inputs x (or x_0, x_1, …) and targets y, nothing else; others are named: "
            f"{key}: '{path.name}:inputs' and {key.partition('_')[0]}_targets: '{path.name}:labels'"
        )
        raise DataError(
            f"contains the arrays {', '.join(sorted(arrays))}", where=str(path), hint=hint
        )
    return [where[name] for name in names], where["y"]


def _inputs(source: Source, base: Path, key: str) -> list[Named]:
    """Return the inputs of a source whose targets are elsewhere."""
    if source.is_function:
        return [(source.place, array) for array in _several(_call(source, base))]
    path = source.file(base, key)
    arrays = _named(path, source.names) if source.names else _all(path)
    if _form(path).table:
        return [_table(path, arrays)]
    if not source.names and len(arrays) > 1:
        numbered = [f"x_{i}" for i in range(len(arrays)) if f"x_{i}" in arrays]
        arrays = _named(path, ["x"] if "x" in arrays else numbered or ["x"])
    return [(f"{path} ({name})", array) for name, array in arrays.items()]


def _targets(text: str, base: Path, key: str) -> Named:
    source, *more = sources(text, base) or (Source(text),)
    if more:
        hint = "a network's targets are one array; of a table, name several columns"
        raise DataError(f"workload.{key} names several files", where=text, hint=hint)
    if source.is_function:
        return source.place, np.asarray(_call(source, base))
    path = source.file(base, key)
    arrays = _named(path, source.names) if source.names else _all(path)
    if _form(path).table and len(arrays) > 1 and source.names:
        return _table(path, arrays)
    if len(arrays) > 1:
        arrays = _named(path, ["y"])
    ((name, array),) = arrays.items()
    return f"{path} ({name})", array


def _form(path: Path) -> Format:
    """Return the format by the suffix; files with others were npz files when no more was read."""
    return FORMATS.get(path.suffix.lower(), FORMATS[".npz"])


def _all(path: Path) -> Arrays:
    form = _form(path)
    with reading(path, form):
        return form.read(path, form.names(path))


def _named(path: Path, wanted: Sequence[str]) -> Arrays:
    """Return the arrays under these names, in this order; a name may have wildcards."""
    form = _form(path)
    with reading(path, form):
        names = form.names(path)
    chosen: dict[str, None] = {}
    for name in (one.strip("/") for one in wanted):
        fitting = [name] if name in names else [n for n in names if fnmatchcase(n, name)]
        if not fitting:
            raise DataError(f"has no '{name}'", where=str(path), hint=nearest(name, names))
        chosen |= dict.fromkeys(fitting)
    with reading(path, form):
        return form.read(path, list(chosen))


def _table(path: Path, columns: Arrays) -> Named:
    """Return columns side by side, (rows, columns); a column of lists counts as several."""
    for name, column in columns.items():
        checked([(f"{path} ({name})", column)])
    wide = [column.reshape(len(column), -1) for column in columns.values()]
    return f"{path} ({', '.join(columns)})", np.concatenate(wide, axis=1)


def _call(source: Source, base: Path) -> Any:
    """Call a function that gives data.

    Raises:
        DataError: it cannot be imported, or fails.
    """
    module, _, name = source.place.partition(":")
    try:
        function = getattr(import_beside(module, base), name)
    except AttributeError as error:
        raise DataError(f"the module '{module}' has no '{name}'", where=source.place) from error
    try:
        return function()
    except Exception as error:  # whatever a user's function raises
        message = f"the function failed: {type(error).__name__}: {error}"
        raise DataError(message, where=source.place) from error


def _pair(result: Any, place: str, key: str) -> tuple[list[Named], Named]:
    """Return what a function gives as (inputs, targets)."""
    if not isinstance(result, tuple) or len(result) != 2:
        hint = f"return (inputs, targets), or set workload.{key.partition('_')[0]}_targets"
        raise DataError("the function gives no pair", where=place, hint=hint)
    inputs, targets = result
    return [(place, array) for array in _several(inputs)], (f"{place} targets", np.asarray(targets))


def _several(inputs: Any) -> list[Array]:
    """Return inputs as a list: a list or tuple of arrays has one for each input of the network."""
    if isinstance(inputs, (list, tuple)) and inputs and all(np.ndim(one) for one in inputs):
        return [np.asarray(one) for one in inputs]
    return [np.asarray(inputs)]


def _no_targets(text: str, key: str, columns: Sequence[str] = ()) -> DataError:
    setting = f"workload.{key.partition('_')[0]}_targets"
    found = f" (its columns: {', '.join(columns[:12])})" if columns else ""
    hint = f"set {setting} to where they are, such as y.npy, labels.h5:/y or a table's column"
    return DataError(f"workload.{key} has no targets{found}", where=text, hint=hint)
