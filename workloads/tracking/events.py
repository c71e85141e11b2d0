"""Collision events: hits, truth and particles, and their files in the TrackML layout."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

HIT_COLUMNS: Final = ("hit_id", "x", "y", "z", "volume_id", "layer_id", "module_id")
TRUTH_COLUMNS: Final = (
    "hit_id", "particle_id", "tx", "ty", "tz", "tpx", "tpy", "tpz", "weight",
)  # fmt: skip
PARTICLE_COLUMNS: Final = ("particle_id", "vx", "vy", "vz", "px", "py", "pz", "q", "nhits")
COLUMNS: Final = {"hits": HIT_COLUMNS, "truth": TRUTH_COLUMNS, "particles": PARTICLE_COLUMNS}
INTEGER_COLUMNS: Final = frozenset(
    {"hit_id", "volume_id", "layer_id", "module_id", "particle_id", "q", "nhits"}
)
NOISE: Final = 0
"""Particle id of noise hits."""


@dataclass(frozen=True)
class Event:
    """One collision event in TrackML's columns (positions in mm, momenta in GeV).

    Attributes:
        number: event number, as in the file name ``event000001000-hits.csv``.
        hits: measured hits, one row each (``HIT_COLUMNS``).
        truth: particle, true position and momentum of each hit (``TRUTH_COLUMNS``).
        particles: generated particles with production vertex (``PARTICLE_COLUMNS``).
    """

    number: int
    hits: pd.DataFrame
    truth: pd.DataFrame
    particles: pd.DataFrame


def write_event(event: Event, directory: Path) -> list[Path]:
    """Write an event in the official TrackML CSV layout.

    Args:
        event: the event.
        directory: target folder; created if it does not exist.

    Returns:
        Paths of the hits, truth and particles files, such as ``event000001000-hits.csv``.
    """
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for part, columns in COLUMNS.items():
        path = directory / f"event{event.number:09d}-{part}.csv"
        getattr(event, part).to_csv(path, index=False, columns=list(columns))
        paths.append(path)
    return paths
