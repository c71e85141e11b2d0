"""Propagation of particles through the detector: crossings, scattering and losses."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from workloads.tracking.detector import (
    BARREL_COT_THETA_MAX,
    BARREL_HALF_LENGTH_MM,
    BARREL_RADII_MM,
    DISC_R_MAX_MM,
    DISC_R_MIN_MM,
    DISC_Z_MM,
    Floats,
    Ints,
)
from workloads.tracking.helix import (
    Tracks,
    advance,
    bending,
    path_to_plane,
    path_to_radius,
)
from workloads.tracking.settings import SimulationSettings

_HIGHLAND_GEV = 0.0136
"""Highland's constant, 13.6 MeV; the formula's logarithmic term is left out."""


def propagate(
    particles: pd.DataFrame, settings: SimulationSettings, rng: np.random.Generator
) -> pd.DataFrame:
    """Propagate all particles outwards, layer by layer.

    A track crosses barrel layers before discs, and both in order, so that one pass which changes
    the states at each layer treats scattering and losses in the right order.

    Args:
        particles: table from `particles.generate`.
        settings: material, efficiency and field.
        rng: random number generator.

    Returns:
        True hits: `particle_id`, `layer` (the paper's index), `tx`, `ty`, `tz` in mm and
        `tpx`, `tpy`, `tpz` in GeV, ordered by layer.
    """
    walk = _Helices(tracks_of(particles, settings.field_tesla), settings, rng)
    for layer, radius_mm in enumerate(BARREL_RADII_MM):
        walk.cross_cylinder(layer, radius_mm)
    for disc, z_mm in enumerate(DISC_Z_MM):
        walk.cross_discs(disc, z_mm)
    hits = pd.concat(walk.hits, ignore_index=True)
    ids = particles["particle_id"].to_numpy()[hits.pop("row")]
    return hits.assign(particle_id=ids).sort_values("layer", kind="stable", ignore_index=True)


def tracks_of(particles: pd.DataFrame, field_tesla: float) -> Tracks:
    """Return the states of particles at their production."""
    x, y, z, px, py, pz = particles[["vx", "vy", "vz", "px", "py", "pz"]].to_numpy().T
    pt = np.hypot(px, py)
    bend = bending(pt, particles["q"].to_numpy(), field_tesla)
    return Tracks(
        x=x.copy(), y=y.copy(), z=z.copy(), phi=np.arctan2(py, px), cot=pz / pt, pt=pt, bend=bend
    )


@dataclass
class _Helices:
    """Tracks on their way outwards, and the hits that they have left.

    Args:
        tracks: current states, changed at each layer.
        settings: material, efficiency and field.
        rng: random number generator.
        hits: one table per crossed surface.
    """

    tracks: Tracks
    settings: SimulationSettings
    rng: np.random.Generator
    hits: list[pd.DataFrame] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.alive = np.ones(len(self.tracks.x), dtype=bool)

    def cross_cylinder(self, layer: int, radius_mm: float) -> None:
        """Move tracks to a barrel layer and record their hits."""
        path = path_to_radius(self.tracks, radius_mm)
        z_mm = self.tracks.z + path * self.tracks.cot
        inside = np.abs(z_mm) < BARREL_HALF_LENGTH_MM
        inside &= np.abs(self.tracks.cot) < BARREL_COT_THETA_MAX
        slant = np.hypot(1, self.tracks.cot)  # path through the layer, in thicknesses
        self._cross(np.full(len(path), layer), path, inside, slant)

    def cross_discs(self, disc: int, z_mm: float) -> None:
        """Move tracks to the disc on their side and record their hits."""
        forward = self.tracks.cot > 0
        path = path_to_plane(self.tracks, np.where(forward, z_mm, -z_mm))
        end = advance(self.tracks, path)
        r_mm = np.hypot(end.x, end.y)
        inside = (r_mm > DISC_R_MIN_MM) & (r_mm < DISC_R_MAX_MM)
        with np.errstate(divide="ignore"):  # cot θ = 0 reaches no disc
            slant = np.hypot(1, 1 / self.tracks.cot)
        self._cross(np.where(forward, 11 + disc, 10 - disc), path, inside, slant)

    def _cross(self, layer: Ints, path: Floats, inside: np.ndarray, slant: Floats) -> None:
        """Move the tracks that cross a layer: record hits, scatter, and stop some of them."""
        rows = np.flatnonzero(self.alive & inside)
        tracks = advance(self.tracks.take(rows), path[rows])
        seen = self.rng.random(len(rows)) < self.settings.efficiency
        self.hits.append(_true_hits(rows, layer[rows], tracks)[seen])
        self._scatter(tracks, slant[rows])
        self.tracks.put(rows, tracks)
        stops = self.settings.interaction_probability * slant[rows]
        self.alive[rows] = self.rng.random(len(rows)) >= stops

    def _scatter(self, tracks: Tracks, slant: Floats) -> None:
        """Change directions by Highland's formula for unit charge and β = 1, in both planes."""
        lengths = np.sqrt(self.settings.radiation_lengths * slant)
        growth = np.hypot(1, tracks.cot)
        angle = _HIGHLAND_GEV / (tracks.pt * growth) * lengths
        tracks.phi += self.rng.normal(0, angle) * growth
        tracks.cot -= self.rng.normal(0, angle) * growth**2


def _true_hits(rows: Ints, layer: Ints, tracks: Tracks) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "row": rows,
            "layer": layer,
            "tx": tracks.x,
            "ty": tracks.y,
            "tz": tracks.z,
            "tpx": tracks.pt * np.cos(tracks.phi),
            "tpy": tracks.pt * np.sin(tracks.phi),
            "tpz": tracks.pt * tracks.cot,
        }
    )
