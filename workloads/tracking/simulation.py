"""Fast simulation of TrackML-like events: seeded, vectorised, numpy only.

Helices in a 2 T field through the pixel cylinders and discs, with pile-up vertices,
secondaries, multiple scattering, losses in material, inefficiency, resolution and noise.
Its defaults reproduce the means of the real events: nodes, edges and true-edge fraction
of the paper's graphs (arXiv:2012.01563) at pT > 1, 2 and 5 GeV.
"""

import numpy as np
import pandas as pd

from workloads.tracking import detector
from workloads.tracking.detector import Floats, Ints
from workloads.tracking.events import HIT_COLUMNS, NOISE, TRUTH_COLUMNS, Event, write_event
from workloads.tracking.particles import generate
from workloads.tracking.propagation import propagate
from workloads.tracking.settings import SimulationSettings

__all__ = ["SimulationSettings", "simulate_event", "write_event"]

_DEFAULTS = SimulationSettings()


def simulate_event(
    seed: int | np.random.SeedSequence,
    event_number: int,
    settings: SimulationSettings = _DEFAULTS,
) -> Event:
    """Simulate one event.

    Args:
        seed: seed of the data set; an event depends only on it, its number and the settings.
        event_number: number of the event, also in its file names.
        settings: physics of the simulation.

    Returns:
        The event in TrackML's columns. All hits of particles have equal weights; the
        challenge's scoring weights are not simulated.
    """
    rng = _generator(seed, event_number)
    particles = generate(settings, rng)
    true_hits = _with_noise(propagate(particles, settings, rng), settings, rng)
    true_hits.insert(0, "hit_id", np.arange(1, len(true_hits) + 1))
    hits = _measured(true_hits, settings, rng)
    counts = true_hits["particle_id"].value_counts()
    nhits = particles["particle_id"].map(counts).fillna(0).astype(np.int64)
    return Event(event_number, hits, true_hits[list(TRUTH_COLUMNS)], particles.assign(nhits=nhits))


def _generator(seed: int | np.random.SeedSequence, event_number: int) -> np.random.Generator:
    """Return an independent generator per event: spawn keys of NumPy's seed sequences."""
    root = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    key = (*root.spawn_key, event_number)
    return np.random.default_rng(np.random.SeedSequence(root.entropy, spawn_key=key))


def _with_noise(
    hits: pd.DataFrame, settings: SimulationSettings, rng: np.random.Generator
) -> pd.DataFrame:
    """Add uniform noise on all layers, and weights: equal for particle hits, zero for noise."""
    fraction = settings.noise_fraction
    # The fraction is relative to all hits, noise included.
    n = rng.poisson(len(hits) * fraction / (1 - fraction))
    layer = rng.integers(0, detector.N_LAYERS, n)
    r_mm, z_mm = _uniform_positions(layer, rng)
    phi = rng.uniform(-np.pi, np.pi, n)
    position = {"tx": r_mm * np.cos(phi), "ty": r_mm * np.sin(phi), "tz": z_mm}
    noise = pd.DataFrame({"layer": layer, **position}).assign(
        tpx=0.0, tpy=0.0, tpz=0.0, particle_id=NOISE, weight=0.0
    )
    hits = hits.assign(weight=1 / max(len(hits), 1))
    return pd.concat([hits, noise]).sort_values("layer", kind="stable", ignore_index=True)


def _uniform_positions(layer: Ints, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw r and z: uniform in z on barrel layers, uniform in r on discs."""
    barrel = layer < len(detector.BARREL_RADII_MM)
    along = rng.uniform(-1, 1, len(layer)) * detector.BARREL_HALF_LENGTH_MM
    across = rng.uniform(detector.DISC_R_MIN_MM, detector.DISC_R_MAX_MM, len(layer))
    r_mm = np.where(barrel, detector.SURFACE_MM[layer], across)
    return r_mm, np.where(barrel, along, detector.SURFACE_MM[layer])


def _measured(
    true_hits: pd.DataFrame, settings: SimulationSettings, rng: np.random.Generator
) -> pd.DataFrame:
    """Return hits with positions smeared within the surface of their layer, and TrackML ids."""
    x, y, z = true_hits[["tx", "ty", "tz"]].to_numpy().T
    layer = true_hits["layer"].to_numpy()
    u_mm = rng.normal(0, settings.resolution_u_mm, len(layer))
    v_mm = rng.normal(0, settings.resolution_v_mm, len(layer))
    barrel = layer < len(detector.BARREL_RADII_MM)
    true_r = np.hypot(x, y)
    # u is along rφ on all layers; v is along z in the barrel and along r on discs.
    r = np.where(barrel, true_r, true_r + v_mm)
    phi = np.arctan2(y, x) + u_mm / true_r
    z = np.where(barrel, z + v_mm, z)
    columns = {
        "hit_id": true_hits["hit_id"],
        "x": r * np.cos(phi),
        "y": r * np.sin(phi),
        "z": z,
        "volume_id": detector.VOLUME[layer],
        "layer_id": detector.LAYER_ID[layer],
        "module_id": detector.module_id(layer, r, np.arctan2(y, x), z),
    }
    return pd.DataFrame(columns, columns=list(HIT_COLUMNS))
