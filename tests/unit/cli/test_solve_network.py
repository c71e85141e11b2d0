"""The network of a budget: of a file, or of a study."""

from pathlib import Path

import pytest

from dse.cli import solve_request
from dse.cli.solve_network import of_study
from dse.cli.solve_study import is_routed, study_name, study_text
from dse.contracts.errors import UsageError
from dse.study.source import parse_study_yaml
from dse.study.validate import load_study, parse_study

ROOT = Path(__file__).parents[3]


def test_the_network_of_a_study_is_its_workload():
    network = of_study("bitwidth", Path("out"))
    assert network.score == "auc"
    section = parse_study_yaml("\n".join(network.lines("auc")), "s").tree["workload"]
    assert section == load_study(ROOT / "studies" / "bitwidth.yaml").source.tree["workload"]


def test_paths_of_a_study_are_those_of_its_folder(tmp_path):
    network = of_study(str(ROOT / "studies" / "digits_cnn.yaml"), tmp_path)
    assert network.score == "accuracy"
    assert (tmp_path / network.section["model"]).resolve() == ROOT / "studies/digits/cnn.keras"
    assert network.section["more_scores"] == ["top_2"]


def test_a_study_of_several_networks_names_none():
    with pytest.raises(UsageError, match="it varies passes"):
        of_study("tradeoff", Path("out"))


def test_a_value_that_the_space_fixes_is_the_network_s(tmp_path):
    text = (ROOT / "studies" / "tradeoff.yaml").read_text()
    (tmp_path / "one.yaml").write_text(text.replace("passes: [1, 2]", "passes: 2"))
    assert of_study(str(tmp_path / "one.yaml"), tmp_path).section["passes"] == 2


def test_a_network_is_named_once():
    options = {"study": "bitwidth", "model": "jet.keras", "part": "xcku115"}
    with pytest.raises(UsageError, match="--model and --study both name the network"):
        solve_request.read(None, options, None)


def test_the_study_of_a_routed_part_places_and_routes():
    network, parts = of_study("bitwidth", Path("out")), ("xcku115", "LFE5U-85F-8BG381C")
    assert [is_routed(part) for part in parts] == [False, True]
    stages = []
    for part in parts:
        options = {"study": "bitwidth", "part": part, "accuracy": "0.9"}
        wishes = solve_request.read(None, options, None).wishes("auc")
        text = study_text(network, wishes, [], seed=0, designs=20)
        stages.append(parse_study(text).backends[-1].settings.get("stage"))
    assert stages == [None, "pnr"]


def test_the_search_seeks_no_more_than_the_network_itself_has():
    network = of_study("bitwidth", Path("out"))
    request = solve_request.read(None, {"study": "bitwidth", "part": "xcku115"}, None)
    wishes = request.wishes("auc", 0.991)
    score, cost = parse_study(study_text(network, wishes, [], seed=0, designs=20)).objectives
    assert (score.metric, score.enough) == ("auc", 0.991)
    assert (cost.metric, cost.enough) == ("lut", None)


def test_the_name_of_a_study_is_that_of_its_budget_alone():
    network = of_study("bitwidth", Path("out"))
    request = solve_request.read(None, {"study": "bitwidth", "part": "xcku115"}, None)
    names = {study_name(network, request.wishes("auc", one), 0) for one in (None, 0.99, 0.991)}
    assert len(names) == 1


def test_what_a_study_varies_of_the_circuit_is_searched_too(tmp_path):
    text = (ROOT / "studies" / "bitwidth.yaml").read_text()
    more = "space:\n  parallelization_factor: [1, 2, null]"
    (tmp_path / "s.yaml").write_text(text.replace("space:", more, 1))
    network = of_study(str(tmp_path / "s.yaml"), tmp_path)
    assert network.whole_space([]) == {
        "parallelization_factor": [1, 2, None],
        "precision": "profiled",
    }
