"""Read graphs that others have built: the npz files of the tracking community.

Two layouts are known. That of HEP.TrkX and of interaction_network_paper has `X` (N, 3), the
incidence of edges as `Ri_rows`, `Ri_cols`, `Ro_rows`, `Ro_cols` (E,) (node and edge of every link
into and out of a node), `y` (E,) and often `Ra` (4, E). That of PyTorch Geometric, which its
successors write, has `x` (N, 3), `edge_index` (2, E), `y` (E,) and often `edge_attr`.
"""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dse.contracts.errors import DataError, nearest
from dse.runtime.archives import check_expanded
from workloads.tracking.edges import wrapped
from workloads.tracking.padding import Graph

Array = NDArray[Any]
_SPARSE = ("X", "Ri_rows", "Ri_cols", "Ro_rows", "Ro_cols", "y")
_INDEXED = ("x", "edge_index", "y")
_LAYOUTS = f"{', '.join(_SPARSE)} (and Ra); or {', '.join(_INDEXED)} (and edge_attr)"


def graph_files(source: Path) -> list[Path]:
    """Return the npz files of a source, sorted by name; none where it is something else.

    Args:
        source: an npz file or a folder, which is searched with its subfolders.

    Raises:
        DataError: a folder has both graphs and events.
    """
    if source.suffix == ".npz":
        return [source]
    found = sorted(source.rglob("*.npz")) if source.is_dir() else []
    if found and next(source.rglob("event*-hits.csv*"), None) is not None:
        hint = "name the folder of one of them"
        raise DataError("holds both graphs (npz) and events (csv)", where=str(source), hint=hint)
    return found


def events_of(files: list[Path]) -> list[list[Path]]:
    """Return files by event: those whose names share a part such as ``event000001000``."""
    groups: dict[str, list[Path]] = {}
    for file in files:
        number = re.search(r"event\d+", file.stem)
        groups.setdefault(number[0] if number else str(file), []).append(file)
    return list(groups.values())


def read_graph(file: Path, n_phi: int) -> Graph:
    """Read one graph.

    Args:
        file: npz file in one of the layouts.
        n_phi: sectors in azimuth, which say what the unit of φ is where the file has no features
            of edges: they are then computed from r / 1000 mm, φ / (π / n_phi), z / 1000 mm.

    Raises:
        DataError: a key is missing, or an array has the wrong shape or values.
    """
    arrays = _load(file)
    nodes = _checked(file, arrays, "X" if "X" in arrays else "x", (None, 3))
    senders, receivers = _ends(file, arrays)
    labels = _checked(file, arrays, "y", (len(senders),))
    binary = bool(np.isin(labels, (0, 1)).all())
    _require(file, holds=binary, message="'y' has other labels than 0 and 1")
    ends = np.concatenate([senders, receivers])
    inside = bool(((ends >= 0) & (ends < len(nodes))).all())
    _require(file, holds=inside, message=f"edges name other nodes than 0 to {len(nodes) - 1}")
    computed = _edge_features(nodes, senders, receivers, n_phi)
    edges = _given_features(file, arrays, computed)
    return _ordered(nodes, edges, (senders, receivers), labels)


def _load(file: Path) -> Mapping[str, Array]:
    """Return the arrays of a file that has those of a layout."""
    check_expanded(file)
    try:
        with np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        hint = "a graph is an npz file of plain arrays, as numpy.savez writes it"
        raise DataError(f"cannot be read: {error}", where=str(file), hint=hint) from error
    layout = _SPARSE if "X" in arrays or "x" not in arrays else _INDEXED
    missing = [name for name in layout if name not in arrays]
    if missing:
        there = f"it has {', '.join(arrays) or 'none'} ({nearest(missing[0], arrays)})"
        raise DataError(
            f"has no array '{missing[0]}'; {there}", where=str(file), hint=f"layouts: {_LAYOUTS}"
        )
    return arrays


def _checked(
    file: Path, arrays: Mapping[str, Array], name: str, shape: tuple[int | None, ...]
) -> Array:
    """Return an array whose shape and numbers are as they must be; None stands for any length."""
    found = arrays[name]
    fits = len(found.shape) == len(shape) and all(
        wanted in {None, length} for wanted, length in zip(shape, found.shape, strict=True)
    )
    wanted = ", ".join("N" if length is None else str(length) for length in shape)
    message = f"'{name}' has the shape {found.shape}, not ({wanted})"
    _require(file, holds=fits, message=message)
    numeric = found.dtype.kind in "biuf" and bool(np.isfinite(found).all())
    _require(file, holds=numeric, message=f"'{name}' has values that are not finite numbers")
    return found


def _require(file: Path, *, holds: bool, message: str) -> None:
    if not holds:
        raise DataError(message, where=str(file), hint=f"layouts: {_LAYOUTS}")


def _ends(file: Path, arrays: Mapping[str, Array]) -> tuple[Array, Array]:
    """Return the nodes that edges leave, and those that they enter; (E,) each."""
    if "X" not in arrays:
        index = _checked(file, arrays, "edge_index", (2, None)).astype(np.int64)
        return index[0], index[1]
    out, into = (_nodes_of(file, arrays, prefix) for prefix in ("Ro", "Ri"))
    message = f"'Ro_cols' has {len(out)} edges, 'Ri_cols' {len(into)}"
    _require(file, holds=len(out) == len(into), message=message)
    return out, into


def _nodes_of(file: Path, arrays: Mapping[str, Array], prefix: str) -> Array:
    """Return the node of every edge, from the sparse incidence matrix (N, E)."""
    rows = _checked(file, arrays, f"{prefix}_rows", (None,)).astype(np.int64)
    columns = _checked(file, arrays, f"{prefix}_cols", (len(rows),)).astype(np.int64)
    order = np.argsort(columns, kind="stable")
    each_once = np.array_equal(columns[order], np.arange(len(columns)))
    _require(file, holds=each_once, message=f"'{prefix}_cols' does not name every edge once")
    return rows[order]


def _edge_features(nodes: Array, senders: Array, receivers: Array, n_phi: int) -> Array:
    """Return (E, 4): Δr, Δφ and Δz in the units of the nodes, and ΔR, as of graphs built here."""
    half = np.pi / n_phi
    inner, outer = (nodes[ends].astype(np.float64) for ends in (senders, receivers))
    dr, _, dz = (outer - inner).T
    dphi = wrapped((outer[:, 1] - inner[:, 1]) * half)
    deta = np.arcsinh(outer[:, 2] / outer[:, 0]) - np.arcsinh(inner[:, 2] / inner[:, 0])
    return np.column_stack([dr, dphi / half, dz, np.hypot(deta, dphi)])


def _given_features(file: Path, arrays: Mapping[str, Array], computed: Array) -> Array:
    """Return the features that a file has, either way round, else those computed from its nodes."""
    name = next((key for key in ("Ra", "edge_attr") if key in arrays), None)
    if name is None:
        return computed
    stored, n_edges = arrays[name], len(computed)
    by_edge = stored if stored.shape == (n_edges, 4) else stored.T
    if stored.shape == (4, 4) == computed.shape:  # either way round: the nearer to the nodes
        by_edge = min((stored.T, stored), key=lambda one: float(np.abs(one - computed).sum()))
    return _checked(file, {name: by_edge}, name, (n_edges, 4))


def _ordered(nodes: Array, edges: Array, ends: tuple[Array, Array], labels: Array) -> Graph:
    """Return a graph in the order of those built here, so that truncation takes the same.

    Nodes without edges come last, the others by their distance from the origin.
    """
    isolated = np.ones(len(nodes), dtype=bool)
    isolated[np.concatenate(ends)] = False
    order = np.lexsort((np.hypot(nodes[:, 0], nodes[:, 2]), isolated))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    senders, receivers = (rank[one] for one in ends)
    rows = np.lexsort((receivers, senders))
    return Graph(
        nodes=nodes[order].astype(np.float32),
        edges=edges[rows].astype(np.float32),
        senders=senders[rows].astype(np.int32),
        receivers=receivers[rows].astype(np.int32),
        labels=labels[rows].astype(np.float32),
    )
