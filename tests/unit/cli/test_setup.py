"""`dse init`, `dse schema`, `dse cache` and `dse data`."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

STUDIES = sorted((Path(__file__).parents[3] / "studies").glob("*.yaml"))


def test_init_writes_a_study_that_can_be_planned(dse: Any) -> None:
    answer = dse("init", "mine.yaml")
    assert (answer.code, answer.out) == (0, "")
    assert "dse run mine.yaml" in answer.err
    plan = dse("plan", "mine.yaml", "--json").json
    assert plan["study"] == "starter"
    assert plan["points"] > 1
    assert {row["backend"] for row in plan["backends"]} == {"bittrue", "estimate"}


def test_init_has_a_default_name(dse: Any, tmp_path: Path) -> None:
    assert dse("init").code == 0
    assert (tmp_path / "study.yaml").is_file()


def test_init_does_not_replace_a_file_unless_told(dse: Any, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: precious\n")
    answer = dse("init", "mine.yaml")
    assert (answer.code, answer.out) == (2, "")
    assert "mine.yaml: the file exists already" in answer.err
    assert "--force" in answer.err
    assert file.read_text() == "name: precious\n"
    assert dse("init", "mine.yaml", "--force").code == 0
    assert "precious" not in file.read_text()


@pytest.mark.parametrize("arguments", [["nowhere/mine.yaml"], ["folder", "--force"], ["folder"]])
def test_init_where_no_file_can_be(dse: Any, tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "folder").mkdir()
    answer = dse("init", *arguments)
    assert answer.code == 2
    assert answer.err.startswith(f"dse: error: {arguments[0]}")
    assert "--force" not in answer.err


def validator(dse: Any) -> jsonschema.Draft202012Validator:
    schema = dse("schema").json
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("study", STUDIES, ids=lambda path: path.stem)
def test_the_schema_accepts_the_studies(dse: Any, study: Path) -> None:
    tree = json.loads(json.dumps(YAML(typ="safe").load(study)))
    assert [error.message for error in validator(dse).iter_errors(tree)] == []


@pytest.mark.parametrize(
    "mistake",
    [
        {"backend": []},
        {"backends": []},
        {"space": {"total_bits": {"valuez": [1]}}},
        {"workload": ["tracking"]},
        {"name": "My Study"},
        {"search": {"method": "ray"}},
    ],
    ids=str,
)
def test_the_schema_refuses_mistakes(dse: Any, mistake: dict[str, Any]) -> None:
    tree = YAML(typ="safe").load(STUDIES[0])
    assert not validator(dse).is_valid(json.loads(json.dumps({**tree, **mistake})))


def test_cache_shows_what_a_run_made(run: Any, dse: Any) -> None:
    run(None, "--cache", "mine")
    answer = dse("cache", "--cache", "mine")
    assert answer.code == 0
    assert "networks: 1 entries" in answer.out
    assert dse("cache", "show", "--cache", "mine").out == answer.out


def test_cache_prune_empties_the_cache_and_keeps_the_results(
    run: Any, dse: Any, tmp_path: Path
) -> None:
    run(None, "--cache", "mine")
    answer = dse("cache", "prune", "--cache", "mine")
    assert answer.code == 0
    assert [path.name for path in (tmp_path / "mine").iterdir() if path.is_dir()] == []
    assert "entries" not in dse("cache", "--cache", "mine").out
    assert dse("status", "--json").json[0]["points"] == 3
    assert "3 evaluations done" in run("s.yaml", "--cache", "mine", "--rerun", "all").said


@pytest.mark.parametrize("folder", ["nowhere", "empty"])
def test_an_empty_cache_says_so(dse: Any, tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    answer = dse("cache", "show", "--cache", folder)
    assert answer.code == 0
    assert "empty" in answer.out


def test_cache_prune_deletes_nothing_that_is_not_ours(dse: Any, tmp_path: Path) -> None:
    photo = tmp_path / "home" / "photos" / "holiday.jpg"
    photo.parent.mkdir(parents=True)
    photo.write_text("sea")
    answer = dse("cache", "prune", "--cache", "home")
    assert photo.is_file()
    assert "empty now" not in answer.out


def test_cache_prune_follows_no_links(run: Any, dse: Any, tmp_path: Path) -> None:
    run(None, "--cache", "mine")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "keep.txt").write_text("keep")
    (tmp_path / "mine" / "linked").symlink_to(outside)
    assert dse("cache", "prune", "--cache", "mine").code in {0, 2}
    assert (outside / "keep.txt").read_text() == "keep"


def test_data_simulate_writes_trackml_files(dse: Any, tmp_path: Path) -> None:
    answer = dse("data", "simulate", "--events", "1", "--out", "events", "--first", "7")
    assert (answer.code, answer.out) == (0, "")
    assert "events" in answer.err
    names = sorted(path.name for path in (tmp_path / "events").iterdir())
    assert names == [f"event000000007-{part}.csv" for part in ("hits", "particles", "truth")]
    hits = (tmp_path / "events" / "event000000007-hits.csv").read_text().splitlines()
    assert hits[0] == "hit_id,x,y,z,volume_id,layer_id,module_id"
    assert len(hits) > 100


def test_data_simulate_depends_on_the_seed_alone(dse: Any, tmp_path: Path) -> None:
    for folder, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        arguments = ["--events", "1", "--out", folder, "--seed", seed]
        assert dse("data", "simulate", *arguments).code == 0
    a, b, c = (
        {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()} for folder in "abc"
    )
    assert a == b
    assert a != c


def test_data_simulate_does_not_replace_events(dse: Any, tmp_path: Path) -> None:
    real = tmp_path / "trackml" / "event000001000-hits.csv"
    real.parent.mkdir()
    real.write_text("measured")
    answer = dse("data", "simulate", "--events", "1", "--out", "trackml")
    assert real.read_text() == "measured"
    assert answer.code == 2
    assert "event000001000" in answer.err


@pytest.mark.parametrize("out", ["notes.txt", "notes.txt/events"])
def test_data_simulate_needs_a_folder(dse: Any, tmp_path: Path, out: str) -> None:
    (tmp_path / "notes.txt").write_text("no folder")
    answer = dse("data", "simulate", "--events", "1", "--out", out)
    assert answer.code == 2
    assert answer.err.startswith("dse: error: ")
    assert "notes.txt" in answer.err
