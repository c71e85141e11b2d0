"""Nodes of the paper's graphs: selected hits and their sectors."""

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from dse.contracts.errors import DataError
from workloads.tracking.detector import Floats, Ints, layer_index
from workloads.tracking.events import NOISE, Event

ETA_MAX = 5.0


@dataclass(frozen=True)
class GraphSettings:
    """Cuts and segmentation of the paper's graphs (arXiv:2012.01563, section 2).

    Attributes:
        pt_min_gev: smallest transverse momentum of the particles whose hits become nodes.
        slope_max: largest |Δφ/Δr| of an edge in rad/mm.
        z0_max_mm: largest |z0|, where the line through an edge meets the beam line. The paper's
            text says 15 cm; its public code has 15,000 mm, which gives its numbers of edges.
        n_phi: sectors in φ.
        n_eta: sectors in η, equal parts of |η| < 5.
        max_nodes: nodes of a padded graph; None means those of the largest graph.
        max_edges: edges of a padded graph; None means those of the largest graph.

    Raises:
        DataError: if a value is out of range; `where` names the setting.
    """

    pt_min_gev: float = 2.0
    slope_max: float = 2.62e-4
    z0_max_mm: float = 15_000.0
    n_phi: int = 8
    n_eta: int = 2
    max_nodes: int | None = None
    max_edges: int | None = None

    def __post_init__(self) -> None:
        for name in ("n_phi", "n_eta", "max_nodes", "max_edges"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise DataError(f"{name} is {value}, not at least 1", where=f"graphs.{name}")
        for name in ("pt_min_gev", "slope_max", "z0_max_mm"):
            value = getattr(self, name)
            if not 0 <= value < np.inf:
                raise DataError(
                    f"{name} is {value}, not a finite number >= 0", where=f"graphs.{name}"
                )


@dataclass(frozen=True)
class Nodes:
    """Selected hits, arrays of shape (N,).

    Attributes:
        r_mm: distance from the beam line.
        phi: azimuth in [-π, π].
        z_mm: position along the beam line.
        layer: the paper's layer index, 0-17.
        particle_id: id of the particle that made the hit.
    """

    r_mm: Floats
    phi: Floats
    z_mm: Floats
    layer: Ints
    particle_id: Ints

    def take(self, rows: Ints) -> "Nodes":
        """Return the nodes at `rows`."""
        columns = {field.name: getattr(self, field.name)[rows] for field in fields(self)}
        return Nodes(**columns)


def select_hits(event: Event, settings: GraphSettings) -> Nodes:
    """Select hits of particles above the momentum cut, one per particle and pixel layer.

    Of several hits on a layer the one with the smallest r is kept; noise is removed.

    Args:
        event: hits, truth and particles.
        settings: the momentum cut.

    Returns:
        The selected hits of the whole event, ordered by particle and layer.
    """
    particles = event.particles
    pt = np.hypot(particles["px"], particles["py"])
    hard = particles.loc[(pt > settings.pt_min_gev) & (particles["particle_id"] != NOISE)]
    truth = event.truth[["hit_id", "particle_id"]].merge(hard[["particle_id"]], on="particle_id")
    hits = event.hits.merge(truth, on="hit_id")
    layer = layer_index(hits["volume_id"].to_numpy(), hits["layer_id"].to_numpy())
    hits = hits.assign(layer=layer, r=np.hypot(hits["x"], hits["y"]))
    hits = hits[hits["layer"] >= 0].sort_values(["particle_id", "layer", "r", "hit_id"])
    return _nodes(hits.drop_duplicates(["particle_id", "layer"]))


def _nodes(hits: pd.DataFrame) -> Nodes:
    return Nodes(
        hits["r"].to_numpy(),
        np.arctan2(hits["y"].to_numpy(), hits["x"].to_numpy()),
        hits["z"].to_numpy(),
        hits["layer"].to_numpy(),
        hits["particle_id"].to_numpy(),
    )


def sector_of(nodes: Nodes, settings: GraphSettings) -> Ints:
    """Return the sector of each node: φ slowest, η fastest, both ascending; -1 beyond |η| = 5."""
    eta = np.arcsinh(nodes.z_mm / nodes.r_mm)
    i_phi = np.floor((nodes.phi + np.pi) / (2 * np.pi) * settings.n_phi).astype(np.int64)
    i_eta = np.floor((eta + ETA_MAX) / (2 * ETA_MAX) * settings.n_eta).astype(np.int64)
    # arctan2 may return π itself, which would be one sector too far.
    i_phi = np.clip(i_phi, 0, settings.n_phi - 1)
    return np.where(np.abs(eta) < ETA_MAX, i_phi * settings.n_eta + i_eta, -1)
