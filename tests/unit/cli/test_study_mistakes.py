"""What `dse plan` and `dse run` say about a study that is wrong."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(params=["plan", "run"])
def refused(request: pytest.FixtureRequest, dse: Any, tmp_path: Path) -> Any:
    """Call a command that must refuse with this code; what it said."""

    def call(code: int, *arguments: str) -> str:
        answer = dse(request.param, *arguments)
        assert (answer.code, answer.out) == (code, "")
        assert answer.err.startswith("dse: error: ")
        assert not (tmp_path / "results.db").exists()
        said: str = answer.err
        return said

    return call


@pytest.mark.parametrize(
    ("sections", "says"),
    [
        (
            {"backend": ["noop"]},
            ["s.yaml:6 (backend)", "unknown key 'backend'", "did you mean 'backends'?"],
        ),
        (
            {"backends": ["estimat"]},
            ["s.yaml:4", "there is no backend 'estimat'", "did you mean 'estimate'?", "bittrue"],
        ),
        ({"backends": []}, ["s.yaml:4 (backends)", "at least 1"]),
        ({"backends": None}, ["'backends' is missing"]),
        ({"backends": ["noop", "noop"]}, ["'noop' is listed twice", "hint: remove one"]),
        (
            {"workload": {"name": "kera"}},
            ["s.yaml:2 (workload.name)", "there is no workload 'kera'", "did you mean 'keras'?"],
        ),
        ({"workload": None}, ["'workload' is missing"]),
        ({"workload": {"name": "noop", "size": 3}}, ["workload.size", "does not read 'size'"]),
        (
            {"space": {"valu": [1]}},
            ["s.yaml:3 (space.valu)", "reads 'valu'", "did you mean 'value'?"],
        ),
        ({"space": {"value": []}}, ["s.yaml:3 (space.value)", "at least 1"]),
        ({"space": {"value": [1, "x"]}}, ["(space.value.1)", "'x' should be a whole number"]),
        ({"space": {"sleep_s": [-1]}}, ["sleep_s = -1", "below its minimum 0"]),
        (
            {"space": {"value": [1, 10**22]}},
            ["s.yaml:3 (space.value.1)", "has more than 64 bits", "a power of ten such as 1e30"],
        ),
        (
            {"space": {"value": {"range": {"start": 0, "stop": 10**400}}}},
            ["s.yaml:3 (space.value.range.stop)", "has more than 64 bits"],
        ),
        ({"space": {"value": [1e300]}}, ["(space.value.0)", "value", "at most 64 bits"]),
        ({"space": {"sleep_s": {"range": {"start": 0, "stop": 1e300}}}}, ["take a larger step"]),
        (
            {"space": {"sleep_s": [0], "value": {"coupled": "9**1000*9**1000*9**1000"}}},
            ["s.yaml:3 (space.value.coupled)", "the result is too large at the point"],
        ),
        (
            {"space": {"sleep_s": [0], "value": {"coupled": "9**9**9"}}},
            ["s.yaml:3 (space.value.coupled)", "is too large"],
        ),
        ({"constraints": ["value < 9**9**9"]}, ["s.yaml:6 (constraints.0)", "is too large"]),
        (
            {"space": {"value": {"ranje": {"start": 1, "stop": 2}}}},
            ["unknown key 'ranje'", "did you mean 'range'?"],
        ),
        (
            {"constraints": ["value > 5"]},
            ["s.yaml:6 (constraints)", "no point is left", "'value > 5' rejects 3"],
        ),
        ({"constraints": ["value >"]}, ["cannot read the expression 'value >'"]),
        ({"constraints": ["width > 5"]}, ["'width', which is not in the space"]),
        ({"constraints": ["value"]}, ["gives 3, not true or false"]),
        (
            {"backends": [{"name": "noop", "behaviour": "fial"}]},
            ["backends.0.behaviour", "did you mean 'fail'?"],
        ),
        (
            {"backends": [{"name": "noop", "value": 7}]},
            ["'value' is fixed here and also at s.yaml:3"],
        ),
        (
            {"objectives": ["latency"]},
            ["objectives.0", "there is no metric 'latency'", "did you mean 'latency_ns'?"],
        ),
        ({"search": {"method": "ray"}}, ["'ray' is not legal", "grid"]),
        ({"name": "My Study"}, ["'My Study' is not a legal name"]),
    ],
)
def test_a_mistake_has_its_place_and_what_is_legal(
    refused: Any, write: Any, sections: dict[str, Any], says: list[str]
) -> None:
    said = refused(3, write(**sections))
    assert [text for text in says if text not in said] == []


def test_all_mistakes_are_listed_at_once(refused: Any, write: Any) -> None:
    said = refused(3, write(backends=["nop"], workload={"name": "nope"}, zipp=[]))
    assert "unknown key 'zipp'" in said
    said = refused(3, write(backends=["nop"], workload={"name": "nope"}))
    assert "2 mistakes" in said
    assert "no backend 'nop'" in said
    assert "no workload 'nope'" in said


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"- noop\n", "does not hold a mapping"),
        (b"name: [\n", "not valid YAML"),
        (b"space:\n\tvalue: 1\n", "indent with spaces, not tabs"),
        (b"\xff\xfe\x00name", "not UTF-8"),
        (b"name: s\nname: t\n", "'name' is also given at s.yaml:1"),
    ],
)
def test_a_file_that_is_no_study(refused: Any, tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "s.yaml").write_bytes(content)
    said = refused(3, "s.yaml")
    assert "s.yaml:" in said
    assert says in said


def test_a_missing_file_names_the_nearest(refused: Any, write: Any) -> None:
    write("bitwidth.yaml")
    said = refused(3, "bitwith.yaml")
    assert "bitwith.yaml: there is no such file" in said
    assert "did you mean 'bitwidth.yaml'?" in said


def test_a_missing_file_that_is_like_no_other_names_none(refused: Any, write: Any) -> None:
    write("twice.yaml")
    said = refused(3, "nofile.yaml")
    assert "twice" not in said
    assert "dse init" in said


def test_of_many_names_only_the_similar_one_is_given(refused: Any, write: Any) -> None:
    said = refused(3, write(backends=["noop", {"name": "estimate", "intger_bits": 3}]))
    assert "did you mean 'integer_bits'?" in said
    assert "parallelization_factor" not in said


def test_a_folder_is_no_study(refused: Any, tmp_path: Path) -> None:
    (tmp_path / "studies").mkdir()
    assert "studies: this is a directory" in refused(3, "studies")


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("space.value", "write path=value"),
        ("=3", "write path=value"),
        ("", "write path=value"),
        ("space..value=1", "the path has an empty name"),
        ("spac.value=[1]", "did you mean 'space'?"),
        ("space.valu=[1]", "did you mean 'value'?"),
        ("space.value=[", "not valid YAML"),
        ("space.value=", "space.value"),
        ("space.value=x", "'x' should be a whole number\n  hint: value: "),
        ("backends=5", "5 should be a list\n  hint: write [5]"),
        ("backends.noop.sleep_s=null", "sleep_s = null should be a number"),
        ("backends.nop.behaviour=fail", "did you mean 'noop'?"),
        ("backends.7.behaviour=fail", "'backends' has no item '7'"),
        ("backends.noop.behavior=fail", "did you mean 'behaviour'?"),
        ("name.first=x", "'name' holds a value, not a section"),
        ("backends.noop.time_limit_s=0", "above zero"),
        ("space.value={range: {start: 0, stop: .inf}}", "is not a finite number"),
    ],
)
def test_a_wrong_override_is_named(refused: Any, write: Any, override: str, says: str) -> None:
    said = refused(3, write(), "--set", override)
    assert f"--set {override}" in said
    assert f"--set {override}:1" not in said
    assert says in said


@pytest.mark.parametrize(
    ("workload", "missing"),
    [
        ({"name": "keras", "model": "nope.keras"}, "nope.keras"),
        ({"name": "tracking", "data": "nope"}, "nope"),
    ],
)
def test_missing_input_data_is_named(
    refused: Any, write: Any, tmp_path: Path, workload: dict[str, str], missing: str
) -> None:
    said = refused(4, write(workload=workload))
    assert str(tmp_path / missing) in said


def test_a_bad_rerun_is_refused_before_anything_is_made(
    dse: Any, write: Any, tmp_path: Path
) -> None:
    answer = dse("run", write(), "--executor", "serial", "--rerun", "faild")
    assert (answer.code, answer.out) == (2, "")
    assert "did you mean 'failed'?" in answer.err
    assert not (tmp_path / "results.db").exists()


@pytest.mark.parametrize("options", [["--workers", "4"], ["--ray-address", "cluster:1"]])
def test_the_serial_executor_takes_no_cluster_options(
    run: Any, write: Any, options: list[str]
) -> None:
    answer = run(write(), *options)
    assert answer.code == 2
    assert options[0] in answer.err
