"""Metrics of the framework and of plug-ins are one catalogue."""

import pytest

from dse.contracts.catalogue import MetricCatalogue
from dse.contracts.errors import PluginConflictError, PluginNameError
from dse.contracts.metrics import CATALOGUE, Fidelity, MetricInfo

POWER = MetricInfo("power_w", "W", "minimise", "drawn by the card", label="power")
SLICES = MetricInfo("slices", "", "minimise", "slices", capacity="lut")


def test_a_plugin_adds_to_what_the_framework_defines() -> None:
    found = MetricCatalogue([("package 'a'", [POWER, SLICES])])
    assert found["power_w"] is POWER
    assert found["auc"] is CATALOGUE["auc"]
    assert (found.owner("power_w"), found.owner("auc")) == ("package 'a'", "dse")


def test_a_count_of_a_capacity_has_its_share_too() -> None:
    share = MetricCatalogue([("a", [SLICES])])["slices_pct"]
    assert (share.unit, share.direction) == ("%", "minimise")


@pytest.mark.parametrize("own", ["auc", "lut_pct"])
def test_a_plugin_cannot_change_what_the_framework_defines(own: str) -> None:
    with pytest.raises(PluginConflictError, match=f"dse and 'mine' define the metric '{own}'"):
        MetricCatalogue([("'mine'", [MetricInfo(own, "", "minimise", "something else")])])


@pytest.mark.parametrize("name", ["total-power", "power.w", "2nd", "in"])
def test_a_name_that_conditions_cannot_contain_is_refused(name: str) -> None:
    with pytest.raises(PluginNameError, match=f"'mine' defines the metric '{name}'") as caught:
        MetricCatalogue([("'mine'", [MetricInfo(name, "W", "minimise", "drawn by the card")])])
    assert "rename it; legal: letters" in caught.value.hint


def test_two_plugins_that_disagree_are_both_named() -> None:
    other = MetricInfo("power_w", "W", "maximise", "harvested by the card")
    with pytest.raises(PluginConflictError, match="'a' and 'b' define the metric 'power_w'"):
        MetricCatalogue([("'a'", [POWER]), ("'b'", [other])])


def test_two_plugins_may_share_a_definition() -> None:
    again = MetricInfo("power_w", "W", "minimise", "drawn by the card", label="power")
    known = MetricCatalogue([("a", [POWER])]).extended([("b", [again])])
    assert known.owner("power_w") == "a"


def test_a_value_has_the_unit_and_direction_of_its_definition() -> None:
    found = POWER.metric(3, Fidelity.MEASURED, low=2.0, high=4.0)
    assert (found.name, found.value, found.unit, found.direction) == (
        "power_w",
        3.0,
        "W",
        "minimise",
    )
    assert (found.low, found.high) == (2.0, 4.0)


@pytest.mark.parametrize(
    ("info", "title"), [(POWER, "power"), (SLICES, "slices"), (CATALOGUE["lut_pct"], "LUT share")]
)
def test_the_title_is_the_label_or_the_name_in_words(info: MetricInfo, title: str) -> None:
    assert info.title == title
