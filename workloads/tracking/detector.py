"""The pixel detector of the TrackML challenge: layers, numbering and layer pairs.

Four barrel cylinders and seven discs on either side. A hit carries TrackML's
(volume, layer, module) ids; the paper (arXiv:2012.01563) numbers the same 18 layers
0-3 (barrel, inside out), 4-10 (volume 7, z from -1500 to -600 mm) and
11-17 (volume 9, z from 600 to 1500 mm). Lengths are in mm, angles in rad.
"""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

FIELD_TESLA: Final = 2.0
CURVATURE_GEV_PER_TESLA_MM: Final = 0.299792458e-3
"""pT in GeV of a unit charge = this constant x field in T x radius in mm."""

N_LAYERS: Final = 18
BARREL_RADII_MM: Final = (32.0, 72.0, 116.0, 172.0)
BARREL_HALF_LENGTH_MM: Final = 491.0
DISC_Z_MM: Final = (600.0, 700.0, 820.0, 960.0, 1100.0, 1300.0, 1500.0)
DISC_R_MIN_MM: Final = 30.0
DISC_R_MAX_MM: Final = 176.0
BARREL_COT_THETA_MAX: Final = 10.0
"""Largest |cot θ| that leaves a cluster in the barrel: flatter tracks cross too many pixels."""

NEGATIVE_ENDCAP, BARREL, POSITIVE_ENDCAP = 7, 8, 9
VOLUME: Final = np.repeat([BARREL, NEGATIVE_ENDCAP, POSITIVE_ENDCAP], [4, 7, 7])
# TrackML numbers the layers of a volume 2, 4, 6, ….
LAYER_ID: Final = np.concatenate([2 * np.arange(1, n + 1) for n in (4, 7, 7)])
"""TrackML layer id of the paper's 18 layers; `VOLUME` has their volume ids."""

SURFACE_MM: Final = np.concatenate([BARREL_RADII_MM, np.negative(DISC_Z_MM[::-1]), DISC_Z_MM])
"""Radius of the 4 barrel layers and z of the 14 discs, by the paper's layer index."""

LAYER_PAIRS: Final = (
    *((inner, inner + 1) for inner in range(3)),
    *((inner, inner - 1) for inner in range(10, 4, -1)),
    *((inner, inner + 1) for inner in range(11, 17)),
    *((barrel, disc) for barrel in range(4) for disc in (10, 11)),
)
"""The paper's 23 (inner, outer) layer pairs.

Consecutive barrel layers, consecutive discs of a side, and each barrel layer with the first disc
of either side.
"""

_BARREL_PHI_MODULES = np.array([16, 32, 52, 78])
_BARREL_Z_PITCH_MM = 70.0
_BARREL_Z_MODULES = 14
_DISC_INNER_RING, _DISC_OUTER_RING, _DISC_RING_BORDER_MM = 40, 68, 103.0
_LOOKUP: Ints = np.full((POSITIVE_ENDCAP + 1, 16), -1, dtype=np.int64)
_LOOKUP[VOLUME, LAYER_ID] = np.arange(N_LAYERS)


def layer_index(volume_id: Ints, layer_id: Ints) -> Ints:
    """Return the paper's layer indices of TrackML ids.

    Args:
        volume_id: (N,) TrackML volume ids.
        layer_id: (N,) TrackML layer ids.

    Returns:
        (N,) indices 0-17, or -1 outside the pixel detector.
    """
    inside = (volume_id >= 0) & (volume_id < _LOOKUP.shape[0])
    inside &= (layer_id >= 0) & (layer_id < _LOOKUP.shape[1])
    index: Ints = np.full(len(inside), -1, dtype=np.int64)
    index[inside] = _LOOKUP[volume_id[inside], layer_id[inside]]
    return index


def nearest_layer(r_mm: Floats, z_mm: Floats) -> Ints:
    """Return the paper's layer indices of pixel hits from their positions.

    Args:
        r_mm: (N,) distances from the beam line.
        z_mm: (N,) positions along it.

    Returns:
        (N,) indices 0-17: of the nearest barrel cylinder, or beyond the barrel of the nearest
        disc. The border is half way between the end of the barrel and the first discs.
    """
    barrel = np.abs(np.asarray(r_mm)[:, None] - BARREL_RADII_MM).argmin(axis=1)
    disc = np.abs(np.abs(z_mm)[:, None] - DISC_Z_MM).argmin(axis=1)
    endcap = np.where(np.asarray(z_mm) > 0, 11 + disc, 10 - disc)
    border_mm = (BARREL_HALF_LENGTH_MM + DISC_Z_MM[0]) / 2
    index: Ints = np.where(np.abs(z_mm) < border_mm, barrel, endcap)
    return index


def module_id(layer: Ints, r_mm: Floats, phi: Floats, z_mm: Floats) -> Ints:
    """Return TrackML module ids at positions.

    Barrel modules are numbered by z, then φ; disc modules, in an inner and an outer
    ring, by φ alone. The numbers of modules per layer are those of the TrackML detector; tilts
    and overlaps are not modelled.

    Args:
        layer: (N,) the paper's layer indices.
        r_mm: (N,) distances from the beam line.
        phi: (N,) azimuths in [-π, π].
        z_mm: (N,) positions along the beam line.

    Returns:
        (N,) ids, counted from 1.
    """
    turn = (np.asarray(phi) + np.pi) / (2 * np.pi)
    n_phi = _BARREL_PHI_MODULES[np.minimum(layer, 3)]
    row = np.floor(np.asarray(z_mm) / _BARREL_Z_PITCH_MM).astype(np.int64) + _BARREL_Z_MODULES // 2
    barrel = np.clip(row, 0, _BARREL_Z_MODULES - 1) * n_phi + _slot(turn, n_phi) + 1
    return np.where(np.asarray(layer) < 4, barrel, _disc_module(np.asarray(r_mm), turn))


def _slot(turn: Floats, n: Ints | int) -> Ints:
    """Return which of `n` equal sectors each share of a turn is in; 1 counts to the last."""
    return np.minimum((turn * n).astype(np.int64), n - 1)


def _disc_module(r_mm: Floats, turn: Floats) -> Ints:
    """Return ids of disc modules: both rings are numbered in one order of φ.

    The order is that of the lower edges of inner modules and the centres of outer modules.
    """
    inner_keys = np.arange(_DISC_INNER_RING) / _DISC_INNER_RING
    outer_keys = (np.arange(_DISC_OUTER_RING) + 0.5) / _DISC_OUTER_RING
    order = np.argsort(np.concatenate([inner_keys, outer_keys]), kind="stable")
    rank = np.empty(order.size, dtype=np.int64)
    rank[order] = np.arange(1, order.size + 1)
    inner = _slot(turn, _DISC_INNER_RING)
    outer = _DISC_INNER_RING + _slot(turn, _DISC_OUTER_RING)
    return rank[np.where(r_mm < _DISC_RING_BORDER_MM, inner, outer)]
