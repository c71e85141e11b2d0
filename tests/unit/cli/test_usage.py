"""Help, unknown commands and options, and what a command must not import."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COMMANDS = (
    "run",
    "plan",
    "solve",
    "status",
    "failures",
    "pareto",
    "best",
    "compare",
    "converge",
    "calibrate",
    "importance",
    "metrics",
    "studies",
    "sync",
    "types",
    "reproduce",
    "build",
    "emit",
    "farm",
    "import",
    "show",
    "export",
    "doctor",
    "init",
    "schema",
    "cache",
    "data",
    "dashboard",
    "report",
)

CALLS = """\
import json, sys
from dse.cli.main import main
found = {}
for line in sys.argv[1:]:
    sys.argv = ["dse", *line.split()]
    try:
        main()
    except SystemExit as end:
        assert not end.code, (line, end.code)
    heavy = {"tensorflow", "keras", "ray", "hls4ml", "qkeras"} & set(sys.modules)
    found[line] = sorted(heavy)
sys.stderr.write("loaded:" + json.dumps(found))
"""


def loaded(folder: Path, *lines: str) -> Any:
    """The heavy packages that are imported after each of these commands, in one process."""
    command = [sys.executable, "-c", CALLS, *lines]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stderr.rpartition("loaded:")[2])


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(dse: Any, command: str) -> None:
    answer = dse(command, "--help")
    assert (answer.code, answer.err) == (0, "")
    assert re.search(rf"Usage: .* {command} ", answer.out)


def test_help_lists_exactly_these_commands(dse: Any) -> None:
    answer = dse("--help")
    lines = answer.out.partition("Commands:")[2].splitlines()
    listed = [line.split()[0] for line in lines if re.match(r"  \w", line)]
    assert answer.code == 0
    assert sorted(listed) == sorted(COMMANDS)


def test_summaries_fit_a_narrow_terminal(dse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert "..." not in dse("--help").out.partition("Commands:")[2]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_values_as_people_do(dse: Any, command: str) -> None:
    assert not re.search(r"<(list|int range)", dse(command, "--help").out)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["run", "s.yaml", "--executor", "raay"], "'--executor': 'raay' is not one of"),
        (["show", "abc"], "give a whole number"),
        (["run", "s.yaml", "--workers", "0"], "'--workers': give 1 or more"),
        (["dashboard", "--port", "70000"], "'--port': give 65535 or less"),
    ],
)
def test_a_wrong_value_is_named_in_plain_words(dse: Any, command: list[str], says: str) -> None:
    answer = dse(*command)
    assert answer.code == 2
    assert says in answer.said
    assert "Input should" not in answer.said


def test_without_a_command_the_help_is_shown(dse: Any) -> None:
    answer = dse()
    assert answer.code == 2
    assert "Commands" in answer.out + answer.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["statsu"], "Did you mean 'status'?"),
        (["pareto", "--metrik", "auc"], "--metric"),
        (["run"], "Missing argument 'STUDY'"),
        (["run", "a.yaml", "b.yaml"], "b.yaml"),
        (
            ["run", "a.yaml", "--executor", "slurm"],
            "'slurm' is not one of 'ray', 'processes'",
        ),
        (["run", "a.yaml", "--max-failures", "0"], "--max-failures"),
        (["run", "a.yaml", "--workers", "0"], "--workers"),
        (["show"], "Missing argument 'POINT'"),
        (["show", "third"], "'POINT'"),
        (["export"], "give one file"),
        (["export", "x.csv", "--optuna", "x.db"], "give one file"),
        (["pareto", "--format", "xml"], "'xml' is not one of 'table', 'csv', 'json'"),
        (["cache", "clear"], "'clear' is not one of 'show', 'prune'"),
        (["data", "simulate", "--events", "0", "--out", "x"], "--events"),
        (["data", "simulate", "--events", "1"], "Missing option '--out'"),
        (["data", "simulate", "--events", "1", "--out", "x", "--seed", "-1"], "--seed"),
    ],
)
def test_usage_errors_name_what_is_wrong(dse: Any, arguments: list[str], says: str) -> None:
    answer = dse(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert says in answer.said


def test_commands_import_nothing_heavy(
    dse: Any, run: Any, tmp_path: Path, shared_cache: Path
) -> None:
    assert run().code == 0
    assert dse("init", "starter.yaml").code == 0
    found = loaded(
        tmp_path,
        "--help",
        "cache",
        "plan s.yaml",
        "status",
        "pareto --metric latency_ns",
        "show 0",
        f"run s.yaml --executor serial --rerun all --cache {shared_cache}",
        "plan starter.yaml",
        "schema",
    )
    of_backends = [found.pop(line) for line in ("plan starter.yaml", "schema")]
    assert len(found) == 7
    assert {line: heavy for line, heavy in found.items() if heavy} == {}
    for heavy in of_backends:  # their parameters are known once they are imported
        assert set(heavy) <= {"hls4ml"}


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)  # as after `dse schema | head -0`
    command = [sys.executable, "-m", "dse.cli.main", "schema"]
    done = subprocess.run(
        command, cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writer)
    assert done.stderr == ""
