"""Generated particles: pile-up vertices, momentum spectrum, directions and secondaries."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from workloads.tracking.detector import Floats
from workloads.tracking.settings import SimulationSettings

PT_MAX_GEV = 100.0
"""Upper end of the spectrum."""
_ETA_BINS = 512
_JET_SHARING = 2.0
"""Concentration of the Dirichlet distribution of particles over jets."""
_KINK_GEV = 0.2
"""Standard deviation of a secondary's momentum across the flight of its parent."""


def generate(settings: SimulationSettings, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the particles of one event.

    Args:
        settings: spectrum, multiplicity, vertices, jets and secondaries.
        rng: random number generator.

    Returns:
        TrackML's particle columns without `nhits`, one row per particle.
    """
    vertices = _vertices(settings, rng)
    draws = _draw(settings, len(vertices), rng)
    _gather_into_jets(settings, draws, vertices, rng)
    n, pt, phi, cot = len(vertices), draws.pt, draws.phi, np.sinh(draws.eta)
    flight = _flights_mm(settings, n, rng)
    origins = vertices + flight[:, None] * _directions(phi, cot)
    phi += np.where(flight > 0, rng.normal(0, _KINK_GEV, n) / pt, 0.0)
    momenta = pt[:, None] * _directions(phi, cot)
    columns = ("vx", "vy", "vz", "px", "py", "pz")
    frame = pd.DataFrame(np.hstack([origins, momenta]), columns=list(columns))
    frame.insert(0, "particle_id", np.arange(1, n + 1))
    return frame.assign(q=rng.choice([-1, 1], n))


def spectrum(settings: SimulationSettings, pt_gev: Floats) -> Floats:
    """Return the mean number of particles per event above `pt_gev`.

    Between the knots of the settings the spectrum follows power laws: lines in log-log scale.
    """
    log_pt, log_survival = np.log(settings.pt_knots_gev), np.log(settings.pt_survival)
    log_pt, log_survival = _extended(log_pt, log_survival)
    survival = np.exp(np.interp(np.log(pt_gev), log_pt, log_survival))
    return np.asarray(settings.particles_mean * survival)


@dataclass
class _Draws:
    """Momentum and direction of N particles, arrays of shape (N,)."""

    pt: Floats
    phi: Floats
    eta: Floats


def _draw(settings: SimulationSettings, n: int, rng: np.random.Generator) -> _Draws:
    pt = _transverse_momenta(settings, n, rng)
    return _Draws(pt, rng.uniform(-np.pi, np.pi, n), _pseudorapidities(settings, n, rng))


def _extended(log_pt: Floats, log_survival: Floats) -> tuple[Floats, Floats]:
    """Return the knots with one more at PT_MAX_GEV, on the last power law."""
    slope = (log_survival[-1] - log_survival[-2]) / (log_pt[-1] - log_pt[-2])
    end = np.log(PT_MAX_GEV)
    last = log_survival[-1] + slope * (end - log_pt[-1])
    return np.append(log_pt, end), np.append(log_survival, last)


def _transverse_momenta(settings: SimulationSettings, n: int, rng: np.random.Generator) -> Floats:
    """Draw momenta by inverting the spectrum on a logarithmic grid."""
    grid = np.geomspace(settings.pt_min_gev, PT_MAX_GEV, 512)
    above = np.log(spectrum(settings, grid))
    wanted = above[0] + np.log(rng.uniform(np.exp(above[-1] - above[0]), 1.0, n))
    return np.asarray(np.exp(np.interp(wanted, above[::-1], np.log(grid)[::-1])))


def _vertices(settings: SimulationSettings, rng: np.random.Generator) -> Floats:
    """Draw the origin of every particle, shape (n, 3).

    The number of vertices is Poisson with a gamma-distributed mean, which has the relative
    spread `event_spread`; the number of particles of a vertex is Poisson with an
    exponentially distributed mean.
    """
    # A gamma distribution of mean 1 and relative spread s has the shape 1 / s²; the floor keeps the
    # shape finite for a spread of 0.
    shape = 1 / max(settings.event_spread, 1e-3) ** 2
    n_vertices = rng.poisson(settings.vertices_mean * rng.gamma(shape, 1 / shape))
    per_vertex = float(spectrum(settings, np.array(settings.pt_min_gev))) / settings.vertices_mean
    sizes = rng.poisson(rng.exponential(per_vertex, n_vertices))
    xy_mm, z_mm = settings.vertex_xy_sigma_mm, settings.vertex_z_sigma_mm
    return np.repeat(rng.normal(0, [xy_mm, xy_mm, z_mm], (n_vertices, 3)), sizes, axis=0)


def _pseudorapidities(settings: SimulationSettings, n: int, rng: np.random.Generator) -> Floats:
    """Draw η by inverting the cumulative density of |η|, with a random sign."""
    eta = np.linspace(settings.eta_knots[0], settings.eta_knots[-1], _ETA_BINS)
    density = np.interp(eta, settings.eta_knots, settings.eta_density)
    below = np.concatenate([[0.0], np.cumsum(density[1:] + density[:-1])])
    return rng.choice([-1, 1], n) * np.interp(rng.uniform(0, below[-1], n), below, eta)


def _gather_into_jets(
    settings: SimulationSettings, draws: "_Draws", vertices: Floats, rng: np.random.Generator
) -> None:
    """Move a share of the particles, which grows with pT, into jets of the first vertex.

    `draws` and `vertices` are changed in place.
    """
    odds = (draws.pt / settings.jet_pt_gev) ** 2
    members = np.flatnonzero(rng.random(len(odds)) < odds / (1 + odds))
    jets = rng.poisson(settings.jets_mean)
    if jets == 0 or len(members) == 0:
        return
    jet = rng.choice(jets, len(members), p=rng.dirichlet(np.full(jets, _JET_SHARING)))
    width = settings.jet_kt_gev / draws.pt[members]
    draws.phi[members] = rng.uniform(-np.pi, np.pi, jets)[jet] + rng.normal(0, width)
    draws.eta[members] = _pseudorapidities(settings, jets, rng)[jet] + rng.normal(0, width)
    vertices[members] = vertices[0]


def _flights_mm(settings: SimulationSettings, n: int, rng: np.random.Generator) -> Floats:
    """Draw the transverse distance from vertex to production: zero for primaries."""
    displaced = rng.random(n) < settings.displaced_fraction
    return np.where(displaced, rng.exponential(settings.displaced_radius_mm, n), 0.0)


def _directions(phi: Floats, cot: Floats) -> Floats:
    return np.column_stack([np.cos(phi), np.sin(phi), cot])
