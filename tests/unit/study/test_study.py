"""Study files: good ones become a Study, wrong ones say what, where and what is legal."""

import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from pydantic import ValidationError

from dse.contracts.errors import StudyError
from dse.study.models import Objective
from dse.study.schema import study_json_schema
from dse.study.source import parse_study_yaml
from dse.study.space import Space
from dse.study.validate import load_study, parse_study

STARTER = Path(__file__).parents[3] / "dse" / "cli" / "starter.yaml"

GOOD = """\
name: bitwidth
description: AUC against total bits
workload:
  name: tracking
  network: interaction_network
  pt_min_gev: 2.0
space:
  total_bits: {range: {start: 8, stop: 20, step: 2}}
  reuse_factor: {log2: {start: 1, stop: 64}}
  strategy: {values: [latency, resource]}
  integer_bits: {coupled: total_bits / 2}
  table_size: [1, 2, 3, 4, 5, 6, 7]
  clock_period_ns: 5.0
zip:
  - [total_bits, table_size]
constraints:
  - integer_bits <= total_bits
backends:
  - bittrue
  - name: estimate
    part: xcvu9p
    time_limit_s: 600
objectives: [auc, {metric: latency_ns}, {metric: own, direction: maximise}]
search: {method: grid}
"""
MINIMAL = "workload: {name: w}\nbackends: [b]\n"
BARE = "workload: w\nbackends: [b]\n"
EMPTY_SECTIONS = MINIMAL + "name:\nspace:\nzip:\nconstraints:\nobjectives:\nsearch:\n"


def test_everything_in_a_good_file():
    study = parse_study(GOOD, Path("studies/other.yaml"))
    assert (study.name, study.description) == ("bitwidth", "AUC against total bits")
    assert study.workload.name == "tracking"
    assert study.workload.settings == {"network": "interaction_network", "pt_min_gev": 2.0}
    assert [backend.name for backend in study.backends] == ["bittrue", "estimate"]
    assert [backend.time_limit_s for backend in study.backends] == [None, 600]
    assert [backend.settings for backend in study.backends] == [{}, {"part": "xcvu9p"}]
    assert study.objectives == (
        Objective(metric="auc"),
        Objective(metric="latency_ns"),
        Objective(metric="own", direction="maximise"),
    )
    assert study.zipped == (("total_bits", "table_size"),)
    assert study.constraints == ("integer_bits <= total_bits",)
    assert study.search.method == "grid"
    assert study.source.text == GOOD
    assert study.source.where("workload", "pt_min_gev").startswith("studies/other.yaml:6 ")
    assert study.base == Path("studies").resolve()
    assert Space(study).raw_size == 7 * 7 * 2


def test_a_study_is_read_only():
    study = parse_study(GOOD)
    with pytest.raises(ValidationError):
        study.name = "other"


def test_defaults(tmp_path):
    path = tmp_path / "clock_scan.yaml"
    for text in (MINIMAL, EMPTY_SECTIONS):
        path.write_text(text)
        study = load_study(path)
        assert study.name == "clock_scan"
        assert (study.space, study.zipped, study.constraints, study.objectives) == ({}, (), (), ())
        assert study.search.method == "grid"
        assert study.base == tmp_path


def test_overrides_reach_the_study_and_its_errors(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(GOOD)
    sets = ["space.total_bits.values=[1,2,3,4,5,6,7]", "backends.estimate.part=xcku115"]
    study = load_study(path, sets)
    assert study.space["total_bits"].expand() == (1, 2, 3, 4, 5, 6, 7)
    assert study.backends[1].settings == {"part": "xcku115"}
    for override, legal in {
        "spcae.a=1": "did you mean 'space'?",
        "space.a.vales=[1]": "'values'",
    }.items():
        with pytest.raises(StudyError) as caught:
            load_study(path, [override])
        assert caught.value.where.startswith(f"--set {override} (")
        assert legal in caught.value.hint


STRUCTURE = [
    # what is changed in GOOD, by what, line, path, message, hint
    ("name: bitwidth", "name: Bit Width", 1, "name", "'Bit Width' is not a legal name", "a-z0-9"),
    ("name: bitwidth", "name: 5", 1, "name", "5 should be a string", ""),
    ("name: bitwidth", "nam: bitwidth", 1, "nam", "unknown key 'nam'", "did you mean 'name'?"),
    ("description: AUC", "description: [a] #", 2, "description", "should be a string", ""),
    ("  name: tracking\n", "", 3, "workload", "'name' is missing", ""),
    ("start: 8, ", "", 8, "space.total_bits.range", "'start' is missing", ""),
    ("start: 8", "start: '8'", 8, "space.total_bits.range.start", "'8' should be a number", ""),
    ("start: 8", "start: true", 8, "space.total_bits.range.start", "should be a number", ""),
    ("step: 2", "step: 0", 8, "space.total_bits.range.step", "0 should be above zero", ""),
    ("step: 2", "step: -2", 8, "space.total_bits.range.step", "should be above zero", ""),
    ("step: 2", "stp: 2", 8, "space.total_bits.range.stp", "unknown key 'stp'", "did you mean 'st"),
    ("stop: 20", "stop: 7", 8, "space.total_bits.range", "stop 7 is below start 8", ""),
    ("stop: 20", "stop: 9e9", 8, "space.total_bits.range", "more than 100000", ""),
    ("start: 1,", "start: 0,", 9, "space.reuse_factor.log2.start", "above zero", ""),
    ("stop: 64", "stop: 0.5", 9, "space.reuse_factor.log2", "below start 1", ""),
    ("log2: {", "log: {", 9, "space.reuse_factor.log", "unknown key 'log'", "did you mean 'log2'"),
    ("{values: [latency, resource]}", "{}", 10, "space.strategy", "exactly one of", ""),
    ("[latency, resource]", "latency", 10, "space.strategy.values", "should be a list", ""),
    ("[latency, resource]", "[]", 10, "space.strategy.values", "at least 1 entry", ""),
    ("resource]}", "r], coupled: a}", 10, "space.strategy", "found values and coupled", ""),
    ("{coupled: total_bits / 2}", "{coupled: 4}", 11, "space.integer_bits.coupled", "a string", ""),
    (
        "total_bits / 2",
        "total_bits /",
        11,
        "space.integer_bits.coupled",
        "character 13",
        "allowed:",
    ),
    ("total_bits / 2", "open(1)", 11, "space.integer_bits.coupled", "'open'", "allowed: + -"),
    ("  clock_period_ns", "  clock-period", 13, "space.clock-period", "not a legal name", "A-Z"),
    ("[1, 2, 3, 4, 5, 6, 7]", "[]", 12, "space.table_size", "at least 1 entry", ""),
    ("[total_bits, table_size]", "total_bits", 15, "zip.0", "should be a list", ""),
    ("[total_bits, table_size]", "[total_bits]", 15, "zip.0", "at least 2 entries", ""),
    ("- integer_bits <= total_bits", "- 5", 17, "constraints.0", "5 should be a string", ""),
    ("<= total_bits", "=< total_bits", 17, "constraints.0", "invalid syntax", "allowed:"),
    ("- bittrue", "- 5", 19, "backends.0", "5 should be a mapping", ""),
    ("- name: estimate", "- nme: estimate", 20, "backends.1", "'name' is missing", ""),
    ("600", "-1", 22, "backends.1.time_limit_s", "-1 should be above zero", ""),
    ("600", "long", 22, "backends.1.time_limit_s", "'long' should be a number", ""),
    ("latency_ns}", "x, metrc: y}", 23, "objectives.1.metrc", "unknown key", "mean 'metric'"),
    ("maximise", "maximize", 23, "objectives.2.direction", "not legal", "did you mean 'maximise'"),
    ("grid", "ray", 24, "search.method", "'ray' is not legal", "legal: gp, grid"),
    ("method: grid", "budgt: {}", 24, "search.budgt", "unknown key", "did you mean 'budget'"),
    ("{method: grid}", "grid", 24, "search", "'grid' should be a mapping", ""),
]
MEANING = [
    (
        "total_bits / 2",
        "total_bit / 2",
        11,
        "space.integer_bits.coupled",
        "'total_bit'",
        "'total_bits'",
    ),
    ("total_bits / 2", "integer_bits", 11, "space.integer_bits.coupled", "in a circle", ""),
    ("<= total_bits", "<= totl_bits", 17, "constraints.0", "not in the space", "'total_bits'"),
    ("7]", "7, 8]", 15, "zip.0", "total_bits has 7, table_size has 8", ""),
    (
        "[total_bits, table",
        "[total_bit, table",
        15,
        "zip.0",
        "'total_bit' is not in the",
        "'total_bits'",
    ),
    ("[total_bits, table_size]", "[total_bits, integer_bits]", 15, "zip.0", "is coupled", "group"),
    ("[total_bits, table_size]", "[total_bits, total_bits]", 15, "zip.0", "twice", "one group"),
    ("- name: estimate", "- name: bittrue", 20, "backends.1", "'bittrue' is listed twice", ""),
    ("[auc,", "[latency_ns,", 23, "objectives.1", "'latency_ns' is listed twice", ""),
]


@pytest.mark.parametrize(("old", "new", "line", "path", "says", "hint"), [*STRUCTURE, *MEANING])
def test_wrong_file(old, new, line, path, says, hint):
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    with pytest.raises(StudyError) as caught:
        parse_study(text, Path("studies/s.yaml"))
    error = caught.value
    assert error.where.startswith(f"studies/s.yaml:{line} ({path}")
    assert says in error.message
    assert hint in error.hint


def test_missing_sections_and_wrong_stem():
    for text, says in {
        "workload: {name: w}\n": "'backends'",
        "backends: [b]\n": "'workload'",
    }.items():
        with pytest.raises(StudyError, match=f"{says} is missing") as caught:
            parse_study(text)
        assert caught.value.where == "study.yaml:1"
    with pytest.raises(StudyError, match="'My Study' is not a legal name"):
        parse_study(MINIMAL, Path("My Study.yaml"))


def test_all_mistakes_at_once():
    text = GOOD.replace("step: 2", "step: 0").replace("grid", "ray").replace("stop: 64", "stp: 1")
    with pytest.raises(StudyError) as caught:
        parse_study(text, Path("s.yaml"))
    lines = [line for line in str(caught.value).splitlines() if line.startswith("s.yaml:")]
    assert [line.partition(": ")[0] for line in lines] == [
        "s.yaml:8 (space.total_bits.range.step)",
        "s.yaml:9 (space.reuse_factor.log2)",
        "s.yaml:9 (space.reuse_factor.log2.stp)",
        "s.yaml:24 (search.method)",
    ]
    assert caught.value.message.startswith("4 mistakes")
    assert caught.value.exit_code == 3


def validator():
    schema = study_json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("text", [GOOD, MINIMAL, BARE, EMPTY_SECTIONS, STARTER.read_text()])
def test_schema_accepts_good_files(text):
    assert list(validator().iter_errors(parse_study_yaml(text, "s.yaml").tree)) == []


_BEYOND_SCHEMA = ("stop: 20", "stop: 64", "total_bits / 2", "<= total_bits")
"""What these lines of GOOD change to is wrong in its numbers or its expression only."""


@pytest.mark.parametrize(
    ("old", "new"), [row[:2] for row in STRUCTURE if row[0] not in _BEYOND_SCHEMA]
)
def test_schema_refuses_wrong_files(old, new):
    tree = parse_study_yaml(GOOD.replace(old, new, 1), "s.yaml").tree
    assert not validator().is_valid(tree)


def test_a_workload_is_named_by_bare_text():
    bare, spelt = parse_study(BARE), parse_study(MINIMAL)
    assert bare.workload == spelt.workload
    assert bare.workload.name == "w"
    with_seed = parse_study(BARE, overrides=["workload.seed=3"]).workload
    assert (with_seed.name, with_seed.settings) == ("w", {"seed": 3})


def test_starter():
    study = load_study(STARTER)
    assert study.name == "starter"
    assert [backend.name for backend in study.backends] == ["bittrue", "estimate"]
    assert list(study.space) == ["total_bits", "integer_bits", "reuse_factor"]
    assert Space(study).size == 15


def test_starter_alternatives_are_legal_too():
    """Every commented key of the starter becomes a legal study when its comment sign goes."""
    lines = STARTER.read_text().splitlines()
    active = [line.replace("# ", "", 1) if line.startswith("  # ") else line for line in lines]
    active = [line.replace("    # time", "    time") for line in active]
    study = parse_study("\n".join(active), Path("starter.yaml"))
    assert {"strategy", "rounding", "clock_period_ns"} <= study.space.keys()
    assert study.workload.settings.keys() >= {"passes", "n_phi", "max_nodes", "seed"}
    assert len(study.constraints) == 2
    assert study.backends[1].time_limit_s == 600
    assert study.objectives[-1].metric == "lut"


def test_importing_needs_no_numpy():
    heavy = "{'numpy', 'pandas', 'sqlalchemy'}"
    code = f"import sys, dse.study.models; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
