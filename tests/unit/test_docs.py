"""The documents hold: commands, options, studies, settings, links and paths exist."""

import ast
import importlib
import json
import re
import shlex
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import typer.main
from generator.environment import variables
from generator.pages import PAGES, with_tables
from generator.plugins import backends, workloads
from ruamel.yaml import YAML

from dse.cli.main import app
from dse.contracts.errors import FailureKind
from dse.contracts.inspection import LayerSummary
from dse.contracts.metrics import CATALOGUE, Fidelity
from dse.contracts.registry import Registry
from dse.study.per_layer import with_layers
from dse.study.validate import load_binding, parse_binding

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
STUDIES = sorted((ROOT / "studies").glob("*.yaml"))
WRITTEN = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for path in (ROOT / "README.md", *sorted(DOCS.rglob("*.md")))
}
"""Pages that people wrote, by path."""

GENERATED = {f"docs/{path}": page() for path, page in PAGES.items()}
PLACES = ("dse", "workloads", "backends", "dashboards", "studies", "docs", "tests", "benchmarks")


def blocks(text: str, *languages: str) -> list[str]:
    """The code blocks in these languages; in any without them."""
    found = re.findall(r"^```(\w*)[^\n]*\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    return [block for language, block in found if not languages or language in languages]


def spans(text: str) -> list[str]:
    """The code spans outside blocks."""
    rest = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"`([^`\n]+)`", rest)


def commands(text: str) -> list[str]:
    """Every `dse …` in code blocks and code spans, without its folder and its comment."""
    shown = blocks(text, "", "sh", "console")
    lines = [line for block in shown for line in block.splitlines()] + spans(text)
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
    if not arguments:
        return  # a command that a text names
    command.make_context(command.name, arguments, parent=context)


def each(find: Any, pages: dict[str, str] = WRITTEN) -> list[Any]:
    """One test case for every distinct thing that `find` finds in a page."""
    return [
        pytest.param(page, one, id=f"{page}: {one}"[:100])
        for page, text in pages.items()
        for one in dict.fromkeys(find(text))
    ]


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
        ("run --workers 2", "study"),
        ("show three", "integer"),
    ],
)
def test_a_wrong_command_would_be_noticed(line: str, says: str) -> None:
    with pytest.raises(Exception, match=says):
        parse(line)


@pytest.mark.parametrize(("page", "line"), each(commands))
def test_commands_and_options_exist(page: str, line: str) -> None:
    parse(line.replace("POINT", "3").replace("COMMAND", "run").replace("NAME", "bitwidth"))


def options(text: str) -> list[str]:
    return [span for span in spans(text) if re.fullmatch(r"--[a-z-]+", span.split()[0])]


@pytest.mark.parametrize(("page", "text"), each(options))
def test_options_named_alone_exist(page: str, text: str) -> None:
    command: Any = typer.main.get_command(app)
    found = {o for c in command.commands.values() for p in c.params for o in p.opts}
    assert text.split(maxsplit=1)[0] in found


def shipped(text: str) -> list[str]:
    """Names of studies in commands that take one by name."""
    found = (re.match(r"(?:run|plan|emit|init --from) ([\w-]+)(?= |$)", c) for c in commands(text))
    return [match[1] for match in found if match and match[1] != "NAME"]


@pytest.mark.parametrize(("page", "name"), each(shipped))
def test_shipped_studies_are_there(page: str, name: str) -> None:
    assert name in {path.stem for path in STUDIES}


def targets(text: str) -> list[str]:
    lines = [line for block in blocks(text, "sh") for line in block.splitlines()] + spans(text)
    return [match[1] for match in (re.match(r"make (\w+)", line) for line in lines) if match]


@pytest.mark.parametrize(("page", "target"), each(targets))
def test_make_targets_exist(page: str, target: str) -> None:
    openhls = ROOT / "backends/openhls"
    makefiles = (
        ROOT / "Makefile",
        openhls / "package/files/Makefile",
        openhls / "board/files/board.mk",
    )
    text = "\n".join(file.read_text() for file in makefiles)
    assert re.search(rf"^{target}:", text, flags=re.MULTILINE)


def paths(text: str) -> list[str]:
    """What looks like a path in the repository."""
    return [s for s in spans(text) if re.fullmatch(rf"(?:{'|'.join(PLACES)})/[\w./-]+", s)]


@pytest.mark.parametrize(("page", "path"), each(paths))
def test_paths_exist(page: str, path: str) -> None:
    assert (ROOT / path).exists()


def names_in_files(text: str) -> list[str]:
    """What the table of places says is in a file: ``name` in `file``."""
    return [f"{file}:{name}" for name, file in re.findall(r"`([\w.]+)` in `([\w/]+\.py)`", text)]


@pytest.mark.parametrize(("page", "place"), each(names_in_files))
def test_named_functions_are_in_the_named_files(page: str, place: str) -> None:
    file, _, name = place.partition(":")
    tree = ast.parse((ROOT / file).read_text())
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    assert name.rpartition(".")[2] in {node.name for node in nodes}


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as Python-Markdown makes them."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE):
        given = re.search(r"\{ #([\w-]+) \}", heading)
        plain = re.sub(r"[^\w\s-]", "", heading.lower()).strip()
        found.add(given[1] if given else re.sub(r"[-\s]+", "-", plain))
    return found


def links(text: str) -> list[str]:
    rest = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", rest) if "://" not in link]


@pytest.mark.parametrize(("page", "link"), each(links, WRITTEN | GENERATED))
def test_links_lead_somewhere(page: str, link: str) -> None:
    path, _, anchor = link.partition("#")
    target = (ROOT / page).parent.joinpath(path).resolve() if path else ROOT / page
    name = target.relative_to(ROOT).as_posix()
    pages = WRITTEN | GENERATED
    assert target.exists() or name in pages
    if anchor:
        assert anchor in anchors(pages[name])


def snippets(text: str) -> list[str]:
    return [block for block in blocks(text, "yaml") if not block.startswith(("#", "--8<--"))]


def code(text: str) -> list[str]:
    return [block for block in blocks(text, "python") if not block.startswith("--8<--")]


@pytest.mark.parametrize(("page", "block"), each(code))
def test_python_in_documents_parses(page: str, block: str) -> None:
    names = {n.module for n in ast.walk(ast.parse(block)) if isinstance(n, ast.ImportFrom)}
    for name in names & {"dse.plugins", "dse.testing.backends"}:
        imported = [n for n in ast.walk(ast.parse(block)) if getattr(n, "module", "") == name]
        module = importlib.import_module(name)
        assert all(hasattr(module, alias.name) for node in imported for alias in node.names)


DEFAULTS = {
    "name": "snippet",
    "workload": {"name": "tracking"},
    "backends": ["bittrue", "estimate", "open", "vitis"],
    "objectives": ["auc", "latency_ns", "lut"],
}


@pytest.mark.parametrize(("page", "snippet"), each(snippets))
def test_study_snippets_are_legal(page: str, snippet: str) -> None:
    """A part of a study is legal together with the smallest rest."""
    given = YAML(typ="safe").load(snippet)
    text = _as_yaml({**DEFAULTS, **given})
    registry, file = Registry.installed(), ROOT / "studies" / "snippet.yaml"
    expand = partial(with_layers, layers=[LayerSummary("dense", "Dense", (8,), 40, (1, 2), 3)])
    assert parse_binding(text, file, registry, expand=expand).study.name


def _as_yaml(tree: Any) -> str:
    return json.dumps(tree)  # JSON is YAML


@pytest.mark.parametrize("study", sorted((DOCS / "tutorial").glob("*.yaml")), ids=lambda p: p.stem)
def test_studies_of_the_tutorial_are_legal(study: Path) -> None:
    assert load_binding(study, (), Registry.installed()).study.name


@pytest.mark.parametrize("study", STUDIES, ids=lambda path: path.stem)
def test_studies_fit_the_installed_plugins(study: Path) -> None:
    binding = load_binding(study, (), Registry.installed())
    assert binding.study.name == study.stem
    assert next(binding.space.points(), None) is not None


def rows(text: str, first: str) -> list[list[str]]:
    """The rows of the tables whose first column has this heading."""
    found: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif cells[0] == first:
            inside = True
        elif inside and not set(line) <= set("|-: "):
            found.append(cells)
    return found


def parameters(text: str) -> list[str]:
    """Names in the first column of hand-written tables of parameters."""
    return [n for row in rows(text, "parameter") for n in re.findall(r"`(\w+)`", row[0])]


@pytest.mark.parametrize(("page", "name"), each(parameters))
def test_parameters_in_tables_exist(page: str, name: str) -> None:
    assert name in {p.name for kind in (*backends(), *workloads()) for p in kind.parameters}


def metrics(text: str) -> list[str]:
    return [n for row in rows(text, "metric") for n in re.findall(r"`(\w+)`", row[0])]


@pytest.mark.parametrize(("page", "name"), each(metrics))
def test_metrics_in_tables_exist(page: str, name: str) -> None:
    assert name in {*CATALOGUE, *(m for kind in backends() for m in kind.metrics)}


def test_every_backend_has_a_page_and_its_fidelity_is_stated() -> None:
    table = rows(WRITTEN["docs/backends/index.md"], "name")
    stated = {re.findall(r"`(\w+)`", row[0])[0]: re.findall(r"\w+", row[1]) for row in table}
    assert set(stated) == {kind.name for kind in backends()}
    for kind in backends():
        assert kind.fidelity in [word for word in stated[kind.name] if word in list(Fidelity)]
        page = WRITTEN[f"docs/backends/{kind.name}.md"]
        marks = (f"<!-- parameters of {kind.name} -->", f"<!-- metrics of {kind.name} -->")
        assert [mark in page for mark in marks] == [True, True]


def test_tables_are_put_in_the_place_of_marks() -> None:
    page = with_tables("before\n\n<!-- parameters of open -->\n\nafter")
    assert "| `reuse_factor` | integer |" in page
    assert "<!--" not in page
    with pytest.raises(StopIteration):
        with_tables("<!-- parameters of opn -->")


def test_every_command_is_in_the_reference() -> None:
    command: Any = typer.main.get_command(app)
    named = set(re.findall(r"^## dse (\w+)", GENERATED["docs/reference/commands.md"], re.MULTILINE))
    assert named == set(command.commands)


def test_the_reference_has_every_parameter_with_all_its_columns() -> None:
    page = GENERATED["docs/reference/parameters.md"]
    for kind in (*backends(), *workloads()):
        family = "backend" if kind in backends() else "workload"
        section = page.partition(f"{{ #{family}-{kind.name} }}")[2].partition("\n## ")[0]
        listed = {row[0]: row for row in rows(section, "Parameter")}
        assert set(listed) == {f"`{p.name}`" for p in kind.parameters}
        assert all(row[1] and row[3] and row[4] and row[5] for row in listed.values())


def test_the_reference_has_every_metric_failure_and_exit_code() -> None:
    from dse.contracts.errors import DseError

    listed = {row[0] for row in rows(GENERATED["docs/reference/metrics.md"], "Metric")}
    assert {f"`{name}`" for name in CATALOGUE} <= listed
    failures = rows(GENERATED["docs/reference/failures.md"], "Kind")
    assert {row[0] for row in failures} == {f"`{kind.value}`" for kind in FailureKind}
    assert all(row[1] for row in failures)
    codes = {row[0] for row in rows(GENERATED["docs/reference/failures.md"], "Exit code")}
    assert codes >= {str(kind.exit_code) for kind in DseError.__subclasses__()} | {"0", "130"}


def test_every_environment_variable_is_in_the_reference() -> None:
    code = "".join(
        file.read_text() for top in PLACES[:4] for file in sorted((ROOT / top).rglob("*.py"))
    )
    assert set(re.findall(r'"(DSE_[A-Z_]+)"', code)) == set(variables())


def test_every_page_is_in_the_navigation_once() -> None:
    listed = re.findall(r"([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    written = {page.removeprefix("docs/") for page in WRITTEN if page.startswith("docs/")}
    assert sorted(listed) == sorted(written | set(PAGES))


def test_drawings_are_those_of_their_script(tmp_path: Path) -> None:
    script = DOCS / "pictures" / "architecture.py"
    copy = tmp_path / script.name
    copy.write_text(script.read_text())
    subprocess.run([sys.executable, copy], check=True)
    drawn = {file.name: file.read_text() for file in tmp_path.glob("*.svg")}
    assert drawn == {name: (DOCS / "pictures" / name).read_text() for name in drawn}
    assert len(drawn) == 2


def test_the_stated_default_of_the_vertex_cut_holds() -> None:
    tracking = Registry.installed().workload_class("tracking")
    (parameter,) = (p for p in tracking.parameters if p.name == "z0_max_mm")
    page = WRITTEN["docs/how-to/trackml-events.md"]
    stated = re.search(r"`z0_max_mm` defaults to ([\d,]+) mm", page)
    assert stated is not None
    assert parameter.default == float(stated[1].replace(",", ""))
