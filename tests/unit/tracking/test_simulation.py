"""The fast simulation: its physics, its statistics, and real events as the judge."""

import functools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dse.contracts.errors import DataError
from workloads.tracking import detector
from workloads.tracking.events import COLUMNS, NOISE
from workloads.tracking.graphs import GraphSettings, build_graphs, select_hits
from workloads.tracking.helix import Tracks, advance, bending, path_to_plane, path_to_radius
from workloads.tracking.particles import spectrum
from workloads.tracking.propagation import propagate, tracks_of
from workloads.tracking.simulation import SimulationSettings, simulate_event

N_EVENTS = 60
IDEAL = SimulationSettings(
    radiation_lengths=0.0, interaction_probability=0.0, efficiency=1.0, noise_fraction=0.0
)


@pytest.fixture(scope="module")
def events():
    """Enough that the error of a mean is 2.3 %: events differ by 17 %."""
    return [simulate_event(2021, number) for number in range(N_EVENTS)]


# --- physics of one particle ---------------------------------------------------------------


def track(pt, phi=0.3, cot=0.5, charge=1, x=0.0, y=0.0, z=0.0):
    bend = bending(np.array([pt]), np.array([charge]), 2.0)
    return Tracks(*(np.array([value]) for value in (x, y, z, phi, cot, pt)), bend)


def circle_radius(x, y):
    """Radius of the circle through three points."""
    a, b, c = np.hypot(np.roll(x, 1) - x, np.roll(y, 1) - y)
    area = abs((x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0])) / 2
    return a * b * c / (4 * area)


@settings(max_examples=50, deadline=None)
@given(
    pt=st.floats(0.2, 50), phi=st.floats(-3.1, 3.1), cot=st.floats(-20, 20),
    charge=st.sampled_from([-1, 1]),
)  # fmt: skip
def test_a_helix_has_radius_pt_over_03_b(pt, phi, cot, charge):
    start = track(pt, phi, cot, charge)
    ends = [advance(start, np.array([path])) for path in (0.0, 80.0, 170.0)]
    x, y = (np.array([getattr(end, name)[0] for end in ends]) for name in "xy")
    assert circle_radius(x, y) == pytest.approx(1000 * pt / (0.299792458 * 2), rel=1e-6)
    np.testing.assert_allclose([end.z[0] for end in ends], [0, 80 * cot, 170 * cot])


def test_a_path_can_be_walked_in_pieces():
    whole = advance(track(0.4), np.array([150.0]))
    pieces = advance(advance(track(0.4), np.array([60.0])), np.array([90.0]))
    for name in ("x", "y", "z", "phi"):
        np.testing.assert_allclose(getattr(pieces, name), getattr(whole, name), rtol=1e-12)


@pytest.mark.parametrize("radius", detector.BARREL_RADII_MM)
def test_a_stiff_track_is_a_straight_line(radius):
    start = track(1e7, phi=0.7, cot=2.0)
    path = path_to_radius(start, radius)
    end = advance(start, path)
    np.testing.assert_allclose(path, radius, rtol=1e-7)
    place = [end.x[0] / radius, end.y[0] / radius]
    np.testing.assert_allclose(place, [math.cos(0.7), math.sin(0.7)], rtol=1e-6)


@settings(max_examples=50, deadline=None)
@given(
    pt=st.floats(0.15, 1000), phi=st.floats(-3.1, 3.1), charge=st.sampled_from([-1, 1]),
    x=st.floats(-20, 20), y=st.floats(-20, 20), radius=st.sampled_from(detector.BARREL_RADII_MM),
)  # fmt: skip
def test_the_path_to_a_cylinder_ends_on_it_first_time(pt, phi, charge, x, y, radius):
    start = track(pt, phi, charge=charge, x=x, y=y)
    path = path_to_radius(start, radius)
    end = advance(start, path)
    assert np.hypot(end.x, end.y)[0] == pytest.approx(radius, abs=1e-6)
    before = [advance(start, path * fraction) for fraction in np.linspace(0, 0.999, 50)]
    assert all(np.hypot(point.x, point.y)[0] < radius for point in before)


def test_cylinders_that_are_behind_or_out_of_reach_are_not_met():
    assert np.isnan(path_to_radius(track(1.0, x=50.0), 32.0))[0]
    assert np.isnan(path_to_radius(track(0.02), 172.0))[0]


def test_planes_that_are_behind_or_out_of_reach_are_not_met():
    assert path_to_plane(track(1.0, cot=4.0), np.array([600.0]))[0] == 150
    assert np.isnan(path_to_plane(track(1.0, cot=4.0), np.array([-600.0])))[0]
    assert np.isnan(path_to_plane(track(0.5, cot=0.1), np.array([600.0])))[0]
    assert np.isnan(path_to_plane(track(1.0, cot=0.0), np.array([600.0])))[0]


def test_real_particles_bend_the_same_way(trackml_event):
    """Azimuths of the true momenta at barrel hits of a real event, from its vertex."""
    read = pd.read_csv
    prefix = trackml_event / "event000000001"
    hits = read(f"{prefix}-hits.csv.gz").merge(read(f"{prefix}-truth.csv.gz"), on="hit_id")
    hits = hits.merge(read(f"{prefix}-particles.csv.gz"), on="particle_id")
    prompt = (np.hypot(hits.vx, hits.vy) < 1) & (np.hypot(hits.px, hits.py) > 0.5)
    hits = hits[prompt & (hits.volume_id == detector.BARREL)]
    tracks = tracks_of(hits, detector.FIELD_TESLA)
    radii = np.hypot(hits.tx, hits.ty)
    rows = [np.array([i]) for i in range(len(hits))]
    path = np.concatenate(
        [path_to_radius(tracks.take(row), r) for row, r in zip(rows, radii, strict=True)]
    )
    end = advance(tracks, path)
    assert len(hits) > 300
    assert np.median(np.abs(end.x - hits.tx)) < 0.3
    assert np.median(np.abs(end.y - hits.ty)) < 0.3
    turn = np.angle(np.exp(1j * (np.arctan2(hits.tpy, hits.tpx) - tracks.phi)))
    assert np.median(turn / (end.phi - tracks.phi)) == pytest.approx(1, abs=0.01)


# --- one particle through the detector -----------------------------------------------------


def particle(eta, pt=100.0, vx=0.0, vz=0.0):
    row = (1, vx, 0.0, vz, pt, 0.0, pt * math.sinh(eta), 1)
    return pd.DataFrame([row], columns=["particle_id", "vx", "vy", "vz", "px", "py", "pz", "q"])


def crossed(eta, chosen=IDEAL, **more):
    return propagate(particle(eta, **more), chosen, np.random.default_rng(1))["layer"].tolist()


@pytest.mark.parametrize(
    ("eta", "layers"),
    [
        (0.0, [0, 1, 2, 3]),
        (-1.5, [0, 1, 2, 3]),
        (2.0, [0, 1, 2, 11]),
        (-2.0, [0, 1, 2, 10]),
        (2.5, [0, 1, 11, 12, 13, 14]),
        (3.2, [11, 12, 13, 14, 15, 16, 17]),
        (-3.8, [4, 5, 6, 7, 8, 9]),
        (5.0, []),
    ],
)
def test_layers_that_a_stiff_particle_crosses(eta, layers):
    """By hand: barrel while r sinh η < 491 mm and sinh η < 10, discs at 30 < r < 176 mm."""
    assert crossed(eta) == layers


def test_a_particle_born_outside_leaves_no_hits_inside():
    assert crossed(0.0, vx=80.0) == [2, 3]
    assert crossed(3.2, vx=100.0, vz=650.0) == [12, 13, 14, 15, 16, 17]


def test_an_opaque_layer_stops_everything_and_a_blind_one_sees_nothing():
    opaque = SimulationSettings(interaction_probability=1.0, efficiency=1.0)
    assert crossed(0.0, opaque) == [0]
    assert crossed(0.0, SimulationSettings(efficiency=0.0)) == []


def test_multiple_scattering_follows_highland():
    """Spread at the second layer of 5 GeV tracks that scattered in the first."""
    chosen = SimulationSettings(interaction_probability=0.0, efficiency=1.0, radiation_lengths=0.04)
    rows = pd.concat([particle(0.0, pt=5.0)] * 4000, ignore_index=True)
    rows["particle_id"] = np.arange(4000)
    hits = propagate(rows, chosen, np.random.default_rng(1))
    second = hits[hits["layer"] == 1]
    expected_mm = 0.0136 / 5 * math.sqrt(0.04) * (72 - 32)
    assert second["ty"].std() == pytest.approx(expected_mm, rel=0.05)
    assert second["tz"].std() == pytest.approx(expected_mm, rel=0.05)


# --- events --------------------------------------------------------------------------------


def test_same_seed_same_event_and_other_numbers_differ():
    first, again, other = (simulate_event(7, number) for number in (3, 3, 4))
    for part in COLUMNS:
        pd.testing.assert_frame_equal(getattr(first, part), getattr(again, part))
    assert not first.hits["x"].head(50).equals(other.hits["x"].head(50))
    assert not first.hits["x"].head(50).equals(simulate_event(8, 3).hits["x"].head(50))


def test_a_seed_sequence_is_not_used_up():
    root = np.random.SeedSequence(7)
    pd.testing.assert_frame_equal(simulate_event(root, 3).hits, simulate_event(7, 3).hits)
    pd.testing.assert_frame_equal(simulate_event(root, 3).hits, simulate_event(7, 3).hits)
    child = root.spawn(1)[0]
    assert len(simulate_event(child, 3).hits) != len(simulate_event(root, 3).hits)


def test_events_have_the_official_columns_and_consistent_ids(events):
    event = events[0]
    for part, columns in COLUMNS.items():
        frame = getattr(event, part)
        assert tuple(frame.columns) == columns
        assert np.isfinite(frame.to_numpy()).all()
    assert event.hits["hit_id"].is_unique
    assert event.hits["hit_id"].tolist() == event.truth["hit_id"].tolist()
    caused = event.truth[event.truth["particle_id"] != NOISE]
    counts = caused["particle_id"].value_counts()
    nhits = event.particles.set_index("particle_id")["nhits"]
    pd.testing.assert_series_equal(
        nhits[nhits > 0].sort_index(), counts.sort_index(), check_names=False
    )
    assert event.truth["weight"].sum() == pytest.approx(1)


def test_hits_lie_on_their_surfaces_within_the_resolution(events):
    hits = pd.concat([event.hits.merge(event.truth, on="hit_id") for event in events[:5]])
    layer = detector.layer_index(hits["volume_id"].to_numpy(), hits["layer_id"].to_numpy())
    assert set(layer) == set(range(18))
    r, true_r = np.hypot(hits.x, hits.y).to_numpy(), np.hypot(hits.tx, hits.ty).to_numpy()
    barrel = layer < 4
    np.testing.assert_allclose(r[barrel], np.array(detector.BARREL_RADII_MM)[layer[barrel]])
    np.testing.assert_allclose(hits.z[~barrel], detector.SURFACE_MM[layer[~barrel]])
    u = np.angle(np.exp(1j * (np.arctan2(hits.y, hits.x) - np.arctan2(hits.ty, hits.tx)))) * true_r
    v = np.where(barrel, hits.z - hits.tz, r - true_r)
    assert u.std() == pytest.approx(SimulationSettings().resolution_u_mm, rel=0.05)
    assert v.std() == pytest.approx(SimulationSettings().resolution_v_mm, rel=0.05)
    assert np.abs(hits.z[barrel]).max() < detector.BARREL_HALF_LENGTH_MM + 0.1
    assert true_r[~barrel].min() > detector.DISC_R_MIN_MM
    assert true_r[~barrel].max() < detector.DISC_R_MAX_MM


def test_vertices_noise_and_secondaries_have_their_settings(events):
    chosen = SimulationSettings()
    particles = pd.concat([event.particles for event in events])
    flight = np.hypot(particles.vx, particles.vy)
    assert (flight > 1).mean() == pytest.approx(chosen.displaced_fraction, rel=0.03)
    assert particles.vz[flight < 1].std() == pytest.approx(chosen.vertex_z_sigma_mm, rel=0.05)
    noise = pd.concat([event.truth for event in events])["particle_id"] == NOISE
    assert noise.mean() == pytest.approx(chosen.noise_fraction, rel=0.03)
    assert np.hypot(particles.px, particles.py).min() >= chosen.pt_min_gev


def test_the_spectrum_is_the_one_of_the_settings(events):
    pt = np.concatenate([np.hypot(event.particles.px, event.particles.py) for event in events])
    for cut in (0.5, 1.0, 2.0, 4.0):
        mean = (pt > cut).sum() / N_EVENTS
        assert mean == pytest.approx(float(spectrum(SimulationSettings(), np.array(cut))), rel=0.06)


def test_a_higher_threshold_gives_the_same_hard_particles_on_average():
    hard = [simulate_event(5, i, SimulationSettings(pt_min_gev=2.0)) for i in range(40)]
    n_hard = [(np.hypot(e.particles.px, e.particles.py) > 3).sum() for e in hard]
    expected = float(spectrum(SimulationSettings(), np.array(3.0)))
    assert np.mean(n_hard) == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("odd", [{"pt_min_gev": 0.15}, {"field_tesla": 0.0}, {"jets_mean": 0.0}])
def test_settings_at_their_limits_still_give_events(odd):
    assert len(simulate_event(1, 0, SimulationSettings(**odd)).hits) > 5000


def test_an_event_without_particles():
    event = simulate_event(1, 1, SimulationSettings(particles_mean=1e-9))
    assert event.hits.empty
    assert len(build_graphs(event, GraphSettings())) == 16


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pt_min_gev", 0.05), ("efficiency", 1.1), ("noise_fraction", 1.0),
        ("displaced_fraction", -0.1), ("vertices_mean", 0.0), ("particles_mean", -1.0),
        ("vertex_z_sigma_mm", math.nan), ("field_tesla", math.inf),
    ],
)  # fmt: skip
def test_senseless_settings_are_refused(name, value):
    with pytest.raises(DataError) as caught:
        SimulationSettings(**{name: value})
    assert caught.value.where == f"simulation.{name}"


# --- against real events -------------------------------------------------------------------

REAL = {1.0: (5309, 16614), 1.5: (2247, 4266), 2.0: (1091, 1507), 3.0: (371, 399), 5.0: (100, 100)}
"""Mean nodes and edges of 100 real events, by pT cut (arXiv:2012.01563)."""


@pytest.fixture(scope="module")
def totals(events):
    """Nodes and edges of each graph, and all true edges, by pT cut and sectors."""

    @functools.cache
    def count(cut, n_phi=1, n_eta=1):
        cuts = GraphSettings(pt_min_gev=cut, n_phi=n_phi, n_eta=n_eta)
        graphs = [graph for event in events for graph in build_graphs(event, cuts)]
        nodes = np.array([len(graph.nodes) for graph in graphs])
        edges = np.array([len(graph.labels) for graph in graphs])
        return nodes, edges, sum(graph.labels.sum() for graph in graphs)

    return count


@pytest.mark.parametrize("cut", REAL)
def test_mean_nodes_and_edges_are_the_real_ones(totals, cut):
    nodes, edges, _ = totals(cut)
    assert nodes.mean() == pytest.approx(REAL[cut][0], rel=0.1)
    assert edges.mean() == pytest.approx(REAL[cut][1], rel=0.1)


@pytest.mark.parametrize(("cut", "real"), [(1.0, 0.196), (2.0, 0.582), (5.0, 0.852)])
def test_true_edge_fractions_are_the_real_ones(totals, cut, real):
    """Above 5 GeV: from circles fitted to the hits of 20 real events."""
    _, edges, true = totals(cut)
    assert true / edges.sum() == pytest.approx(real, rel=0.1)


def test_sectors_are_as_large_as_the_real_ones(totals):
    nodes, edges, _ = totals(2.0, n_phi=8, n_eta=2)
    assert np.percentile(nodes, 95) == pytest.approx(112, rel=0.1)
    assert np.percentile(edges, 95) == pytest.approx(148, rel=0.1)


def shape(selected):
    """What does not depend on the number of particles: hits per particle, layer shares."""
    hits = sum(len(nodes.layer) for nodes in selected)
    tracks = sum(len(np.unique(nodes.particle_id)) for nodes in selected)
    layers = np.bincount(np.concatenate([nodes.layer for nodes in selected]), minlength=18)
    return hits / tracks, layers / hits


@pytest.mark.parametrize(("cut", "stored"), [(1.0, "stored_pt1"), (2.0, "stored_pt2")])
def test_events_resemble_the_stored_real_ones(events, cut, stored, request):
    """Numbers per event carry 4 to 11 % error with so few real events; shapes carry little."""
    real = [nodes for nodes, _ in request.getfixturevalue(stored)]
    simulated = [select_hits(event, GraphSettings(pt_min_gev=cut)) for event in events]
    sizes = np.array([len(nodes.layer) for nodes in real])
    mean = np.mean([len(nodes.layer) for nodes in simulated])
    assert abs(mean - sizes.mean()) < 0.1 * sizes.mean()
    (per_track, layers), (real_per_track, real_layers) = shape(simulated), shape(real)
    assert per_track == pytest.approx(real_per_track, rel=0.03)
    np.testing.assert_allclose(layers[:4], real_layers[:4], rtol=0.1)
    np.testing.assert_allclose(both_sides(layers), both_sides(real_layers), rtol=0.15)


def both_sides(layers):
    """Shares of the seven disc pairs, from the inside out."""
    return layers[10:3:-1] + layers[11:18]


# --- module numbers ------------------------------------------------------------------------


def test_module_numbers_are_those_of_the_real_detector(trackml_event):
    """At module centres; in each disc two pairs of neighbours are swapped, where rings tie."""
    modules = pd.read_csv(trackml_event / "detectors.csv.gz")
    layer = detector.layer_index(modules.volume_id.to_numpy(), modules.layer_id.to_numpy())
    modules, layer = modules[layer >= 0], layer[layer >= 0]
    r, phi = np.hypot(modules.cx, modules.cy), np.arctan2(modules.cy, modules.cx)
    number = detector.module_id(layer, r.to_numpy(), phi.to_numpy(), modules.cz.to_numpy())
    same = number == modules.module_id
    assert same[layer < 4].all()
    assert same.mean() > 0.98
    counts = modules.assign(layer=layer).groupby("layer")["module_id"].max()
    assert counts.tolist() == [224, 448, 728, 1092, *[108] * 14]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_module_numbers_stay_in_range(seed):
    rng = np.random.default_rng(seed)
    layer = rng.integers(0, 18, 200)
    r, phi = rng.uniform(30, 176, 200), rng.uniform(-np.pi, np.pi, 200)
    phi[:2] = -np.pi, np.pi
    number = detector.module_id(layer, r, phi, rng.uniform(-491, 491, 200))
    top = np.array([224, 448, 728, 1092, *[108] * 14])[layer]
    assert (number >= 1).all()
    assert (number <= top).all()


def test_every_layer_is_found_from_its_ids_and_from_its_place():
    index = np.arange(18)
    assert (detector.layer_index(detector.VOLUME, detector.LAYER_ID) == index).all()
    r = np.where(index < 4, detector.SURFACE_MM, 100.0)
    z = np.where(index < 4, 0.0, detector.SURFACE_MM)
    assert (detector.nearest_layer(r, z) == index).all()
    assert detector.SURFACE_MM[4:11].tolist() == [-1500, -1300, -1100, -960, -820, -700, -600]
