"""The committed coefficients are those that the script fits to the published results."""

import pytest
from vendor_rules import fit_all

from backends.modelgraph.vendor_hls.fitted import fits
from tests.support.real_data import real_folder


@pytest.mark.slow
def test_coefficients_and_errors_are_those_of_the_script() -> None:
    real_folder("synthesis")
    found, committed = fit_all(), fits()
    assert set(found) == set(committed)
    for name, fit in found.items():
        kept = committed[name]
        assert fit.coefficients == pytest.approx(dict(kept.coefficients), rel=1e-3), name
        assert fit.spread == pytest.approx(kept.spread, abs=1e-3), name
        assert (fit.designs, fit.networks) == (kept.designs, kept.networks)
        assert fit.pool_coverage == pytest.approx(kept.pool_coverage, abs=0.01), name


def test_goals_on_networks_left_out() -> None:
    """Met for look-up tables of Vivado HLS 2020.1 and flip-flops of its resource strategy only."""
    reached = {
        name
        for name, fit in fits().items()
        if fit.median_error <= 0.05 and fit.ninety_percent_error <= 0.15
    }
    vivado = {name for name in fits() if name.startswith("vivado_hls-2020.1/")}
    assert {name for name in vivado if name.endswith("/lut")} <= reached
    assert "vivado_hls-2020.1/stored/ff" in reached
    assert not any(name.startswith("vitis_hls-2021.1/reuse") for name in reached)
