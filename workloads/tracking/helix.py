"""Charged particles in a solenoid field: states on helices and their propagation to surfaces."""

from dataclasses import dataclass, fields

import numpy as np

from workloads.tracking.detector import CURVATURE_GEV_PER_TESLA_MM, Floats, Ints

_NEWTON_STEPS = 6
"""Fixed, so that all tracks are iterated together; those that do not converge become NaN."""


@dataclass
class Tracks:
    """States of N particles, all arrays of shape (N,).

    Attributes:
        x: position in mm.
        y: position in mm.
        z: position in mm.
        phi: azimuth of the momentum in rad.
        cot: cot θ = pz / pT.
        pt: transverse momentum in GeV.
        bend: change of `phi` per mm of transverse path; negative for positive charges.
    """

    x: Floats
    y: Floats
    z: Floats
    phi: Floats
    cot: Floats
    pt: Floats
    bend: Floats

    def take(self, rows: Ints) -> "Tracks":
        """Return copies of the states at `rows`."""
        return Tracks(*(getattr(self, field.name)[rows] for field in fields(self)))

    def put(self, rows: Ints, states: "Tracks") -> None:
        """Replace the states at `rows`."""
        for field in fields(self):
            getattr(self, field.name)[rows] = getattr(states, field.name)


def bending(pt_gev: Floats, charge: Ints, field_tesla: float) -> Floats:
    """Return the signed curvature in rad/mm: -charge / radius, radius = pT / (0.3 B)."""
    return -charge * CURVATURE_GEV_PER_TESLA_MM * field_tesla / pt_gev


def advance(tracks: Tracks, path_mm: Floats) -> Tracks:
    """Return the states after a path along their helices.

    Args:
        tracks: N states.
        path_mm: (N,) transverse path lengths.

    Returns:
        The states at the end of the path; exact, in the limit of straight lines too.
    """
    half = tracks.bend * path_mm / 2
    # A chord is path * sin(half) / half; NumPy's sinc(x) is sin(πx) / (πx) and 1 at 0.
    chord = path_mm * np.sinc(half / np.pi)
    return Tracks(
        x=tracks.x + chord * np.cos(tracks.phi + half),
        y=tracks.y + chord * np.sin(tracks.phi + half),
        z=tracks.z + path_mm * tracks.cot,
        phi=tracks.phi + 2 * half,
        cot=tracks.cot,
        pt=tracks.pt,
        bend=tracks.bend,
    )


def path_to_radius(tracks: Tracks, radius_mm: float) -> Floats:
    """Return the transverse path lengths to a cylinder around the beam line, going outwards.

    Newton's method starts from the straight line. It is accurate at any momentum, while the
    closed form loses all digits for high momenta, where the helix is almost straight.

    Args:
        tracks: N states.
        radius_mm: radius of the cylinder.

    Returns:
        (N,) path lengths; NaN for tracks that start outside or curl up before the cylinder.
    """
    ahead = tracks.x * np.cos(tracks.phi) + tracks.y * np.sin(tracks.phi)
    missing = radius_mm**2 - tracks.x**2 - tracks.y**2
    path = np.sqrt(np.maximum(ahead**2 + missing, 0)) - ahead
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for _ in range(_NEWTON_STEPS):
            end = advance(tracks, path)
            slope = 2 * (end.x * np.cos(end.phi) + end.y * np.sin(end.phi))
            path = path - (end.x**2 + end.y**2 - radius_mm**2) / slope
        end = advance(tracks, path)
        reached = np.abs(np.hypot(end.x, end.y) - radius_mm) < 1e-6
        return np.where(reached & (missing > 0) & (path > 0), path, np.nan)


def path_to_plane(tracks: Tracks, z_mm: Floats) -> Floats:
    """Return the transverse path lengths to planes perpendicular to the beam line.

    Args:
        tracks: N states.
        z_mm: (N,) positions of the planes.

    Returns:
        (N,) path lengths; NaN for planes behind a track or beyond a quarter turn.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        path = (z_mm - tracks.z) / tracks.cot
        return np.where((path > 0) & (np.abs(tracks.bend * path) < np.pi / 2), path, np.nan)
