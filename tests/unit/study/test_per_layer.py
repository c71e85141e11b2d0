"""Spaces per layer: names with dots, and those that a network's layers give."""

import pytest

from dse.contracts.errors import StudyError
from dse.contracts.inspection import LayerSummary
from dse.study.items import gathered
from dse.study.per_layer import asks_per_layer, with_layers
from dse.study.source import parse_study_yaml
from dse.study.space import Space
from dse.study.validate import parse_study

LAYERS = [
    LayerSummary("input", "Input", (4,), 0, (), 3),
    LayerSummary("fc.1", "Dense", (8,), 40, (1, 2, 4), 3),
]
STUDY = "workload: {name: w}\nbackends: [b]\n"


def test_items_come_together_in_their_parameter():
    point = {"total_bits": 8, "layers.a.bits": 4, "layers.a.reuse_factor": 2, "layers.b.c.bits": 3}
    assert gathered({"layers": {"a": {"bits": 9}, "z": {"bits": 1}}, **point}) == {
        "total_bits": 8,
        "layers": {"a": {"bits": 4, "reuse_factor": 2}, "z": {"bits": 1}, "b.c": {"bits": 3}},
    }


def test_a_given_mapping_is_not_changed():
    given = {"layers": {"a": {"bits": 9}}, "layers.a.bits": 4}
    gathered(given)
    assert given["layers"] == {"a": {"bits": 9}}


def test_every_layer_has_its_parameters():
    source = parse_study_yaml(f"{STUDY}space: per_layer\n", "s.yaml")
    assert asks_per_layer(source)
    space = with_layers(source, LAYERS).tree["space"]
    names = {"layers.input.bits", "layers.fc.1.bits", "layers.fc.1.weight_bits"}
    assert space.keys() == {*names, "layers.fc.1.reuse_factor", "precision", "strategy"}
    assert space["layers.fc.1.reuse_factor"] == [1, 2, 4]


def test_what_the_study_says_itself_counts():
    text = f"{STUDY}space:\n  per_layer: true\n  layers.fc.1.bits: [5, 6]\n  total_bits: 9\n"
    space = with_layers(parse_study_yaml(text, "s.yaml"), LAYERS).tree["space"]
    assert (space["layers.fc.1.bits"], space["total_bits"]) == ([5, 6], 9)
    assert "per_layer" not in space


def test_a_value_that_says_nothing():
    text = f"{STUDY}space: {{per_layer: 3}}\n"
    with pytest.raises(StudyError, match="should be true"):
        with_layers(parse_study_yaml(text, "s.yaml"), LAYERS)


def test_names_with_dots_are_axes():
    space = Space(parse_study(f"{STUDY}space:\n  layers.fc.1.bits: [4, 6]\n"))
    assert [point["layers.fc.1.bits"] for point in space.points()] == [4, 6]


@pytest.mark.parametrize("name", ["layers.", ".a.b", "layers.a", "layers.a.1b"])
def test_names_that_are_none(name):
    with pytest.raises(StudyError):
        parse_study(f"{STUDY}space: {{{name}: [1]}}\n")


def test_a_command_that_does_not_read_the_network_says_so():
    with pytest.raises(StudyError, match="where the network is read"):
        parse_study(f"{STUDY}space: per_layer\n")
