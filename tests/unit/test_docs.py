"""What the README says exists: commands, options, studies, backends, settings."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from dse.cli.main import app
from dse.contracts.metrics import Fidelity
from dse.contracts.registry import Registry
from dse.study.validate import bind, load_study

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
STUDIES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "studies").glob("*.yaml"))


def commands(text: str) -> list[str]:
    """Every `dse …` in code blocks and code spans, without its folder and its comment."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`([^`\n]+)`", rest)
    found = (re.match(r"(?:\$ )?(?:\.venv/bin/)?dse (.*)", line) for line in lines)
    return list(dict.fromkeys(match[1].strip() for match in found if match))


def parse(line: str) -> None:
    """Parse a command line as `dse` would, without running it; errors are raised."""
    command: Any = typer.main.get_command(app)
    arguments = shlex.split(line, comments=True)
    context = command.make_context("dse", list(arguments[:1]), resilient_parsing=True)
    while hasattr(command, "commands"):
        name, *arguments = arguments
        assert name in command.commands, f"dse {line}: there is no command '{name}'"
        command = command.commands[name]
        if hasattr(command, "commands") and not arguments:
            return
    command.make_context(command.name, arguments, parent=context)


def table(heading: str) -> list[list[str]]:
    """The rows of the table under a heading of the README."""
    section = README.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


BACKENDS = {row[0].strip("`"): row[1] for row in table("Backends")}


def test_commands_are_found_in_blocks_and_spans() -> None:
    block = "```sh\nmake\n.venv/bin/dse run a.yaml\n$ dse show 3  # three\n```\n"
    text = f"{block}dse shows fronts; let dse run. | `dse plan x` | `y` |\n"
    assert commands(text) == ["run a.yaml", "show 3  # three", "plan x"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("rum x.yaml", "no command 'rum'"),
        ("data simulat", "no command 'simulat'"),
        ("run x.yaml --foo", "--foo"),
        ("run", "study"),
        ("show three", "integer"),
    ],
)
def test_a_wrong_command_would_be_noticed(line: str, says: str) -> None:
    with pytest.raises(Exception, match=says):
        parse(line)


@pytest.mark.parametrize("line", commands(README))
def test_commands_and_options_exist(line: str) -> None:
    parse(line)


def test_every_command_is_documented() -> None:
    command: Any = typer.main.get_command(app)
    documented = {line.split()[0] for line in commands(README)}
    assert documented == set(command.commands)


@pytest.mark.parametrize("option", sorted(set(re.findall(r"`(--[a-z-]+)", README))))
def test_options_named_alone_exist(option: str) -> None:
    command: Any = typer.main.get_command(app)
    options = {o for c in command.commands.values() for p in c.params for o in p.opts}
    assert option in options


@pytest.mark.parametrize("study", sorted(set(re.findall(r"studies/[\w/-]+\.yaml", README))))
def test_studies_exist(study: str) -> None:
    assert (ROOT / study).is_file()


@pytest.mark.parametrize(
    "target", sorted(set(re.findall(r"(?:^|`)make (\w+)", README, re.MULTILINE)))
)
def test_make_targets_exist(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)


@pytest.mark.parametrize("backend", BACKENDS)
def test_backends_are_registered_with_their_fidelity(backend: str) -> None:
    stated = [word for word in re.findall(r"\w+", BACKENDS[backend]) if word in list(Fidelity)]
    assert stated
    assert Registry.installed().backend_class(backend).fidelity in stated


def test_every_backend_is_documented() -> None:
    assert set(BACKENDS) == set(Registry.installed().backend_names())


def test_the_stated_default_of_the_vertex_cut_holds() -> None:
    tracking = Registry.installed().workload_class("tracking")
    (parameter,) = (p for p in tracking.parameters if p.name == "z0_max_mm")
    stated = re.search(r"`z0_max_mm` defaults to ([\d,]+) mm", README)
    assert stated is not None
    assert parameter.default == float(stated[1].replace(",", ""))


@pytest.mark.parametrize("study", STUDIES)
def test_studies_fit_the_installed_plugins(study: str) -> None:
    binding = bind(load_study(ROOT / study), Registry.installed())
    assert binding.study.name == Path(study).stem
    assert next(binding.space.points(), None) is not None
