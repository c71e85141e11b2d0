"""Settings of the fast simulation; the defaults reproduce the means of TrackML events."""

import dataclasses
import math
from dataclasses import dataclass

from dse.contracts.errors import DataError
from workloads.tracking.detector import FIELD_TESLA

PT_FLOOR_GEV = 0.15
"""Smallest transverse momentum in GeV: below, particles curl up inside the pixel detector."""

_FRACTIONS = (
    "displaced_fraction", "interaction_probability", "efficiency", "noise_fraction",
)  # fmt: skip


@dataclass(frozen=True)
class SimulationSettings:
    """Physics of the simulated events.

    Attributes:
        pt_min_gev: lowest generated transverse momentum in GeV.
        particles_mean: charged particles per event with pT > 1 GeV and |η| < `eta_max`.
        vertices_mean: mean number of pile-up vertices per event.
        event_spread: relative spread of that mean from event to event.
        vertex_xy_sigma_mm: transverse spread of the vertices.
        vertex_z_sigma_mm: spread of the vertices along the beam line.
        pt_knots_gev: momenta at which the spectrum is given; power laws between and above.
        pt_survival: particles above each of `pt_knots_gev`, relative to those above 1 GeV.
        eta_knots: |η| at which the density of directions is given, linear between.
        eta_density: relative density at each of `eta_knots`.
        jets_mean: mean number of jets per event, all from one vertex.
        jet_pt_gev: transverse momentum at which half of the particles belong to jets.
        jet_kt_gev: momentum of particles across the axis of their jet.
        displaced_fraction: share of particles produced away from their vertex, by decays or in
            material.
        displaced_radius_mm: mean transverse distance of their production from the vertex.
        interaction_probability: probability to stop in a layer crossed at a right angle.
        radiation_lengths: thickness of a layer crossed at a right angle.
        efficiency: probability that a crossing leaves a hit.
        resolution_u_mm: resolution along rφ; a pitch of 50 µm with charge sharing.
        resolution_v_mm: resolution along z or r; a pitch of 56.25 µm with charge sharing.
        noise_fraction: hits without a particle, relative to all hits.
        field_tesla: solenoid field along z.

    Raises:
        DataError: if a value is out of range; `where` names the setting.
    """

    pt_min_gev: float = 0.5
    particles_mean: float = 1267.0
    vertices_mean: float = 200.0
    event_spread: float = 0.12
    vertex_xy_sigma_mm: float = 0.015
    vertex_z_sigma_mm: float = 5.5
    pt_knots_gev: tuple[float, ...] = (0.15, 0.3, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0)
    pt_survival: tuple[float, ...] = (8.8, 5.7, 3.4, 1.0, 0.4234, 0.2058, 0.0702, 0.0191)
    eta_knots: tuple[float, ...] = (0.0, 1.8, 4.0)
    eta_density: tuple[float, ...] = (1.0, 1.0, 0.55)
    jets_mean: float = 8.0
    jet_pt_gev: float = 8.0
    jet_kt_gev: float = 0.35
    displaced_fraction: float = 0.12
    displaced_radius_mm: float = 400.0
    interaction_probability: float = 0.009
    radiation_lengths: float = 0.02
    efficiency: float = 0.988
    resolution_u_mm: float = 0.006
    resolution_v_mm: float = 0.012
    noise_fraction: float = 0.15
    field_tesla: float = FIELD_TESLA

    def __post_init__(self) -> None:
        for name in _FRACTIONS:
            self._require(name, 0 <= getattr(self, name) <= 1, "a number from 0 to 1")
        self._require("noise_fraction", self.noise_fraction < 1, "a number below 1")
        self._require("pt_min_gev", self.pt_min_gev >= PT_FLOOR_GEV, f"at least {PT_FLOOR_GEV}")
        for name in ("particles_mean", "vertices_mean"):
            self._require(name, getattr(self, name) > 0, "a number above 0")
        for field in dataclasses.fields(self):
            if isinstance(value := getattr(self, field.name), float):
                self._require(field.name, 0 <= value < math.inf, "a finite number >= 0")

    def _require(self, name: str, legal: bool, wanted: str) -> None:
        if not legal:
            value = getattr(self, name)
            raise DataError(f"{name} is {value}, not {wanted}", where=f"simulation.{name}")
