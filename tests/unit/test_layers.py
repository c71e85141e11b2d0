"""Imports point one way, and no two modules import each other, not even for types."""

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOP = ("dse", "workloads", "backends", "dashboards")
FILES = {
    file.relative_to(ROOT).as_posix(): file
    for top in TOP
    for file in sorted((ROOT / top).rglob("*.py"))
}

MAY_IMPORT = {
    "formatting": (),
    "layers": (),
    "contracts": (),
    "plot": ("analysis",),
    "plugins": ("contracts", "runtime"),
    "runtime": ("contracts", "formatting"),
    "study": ("contracts",),
    "store": ("contracts", "runtime", "study"),
    "analysis": ("contracts", "formatting", "study", "store"),
    "search": ("contracts", "formatting", "study", "store", "analysis"),
    "engine": ("contracts", "formatting", "runtime", "study", "store", "analysis", "search"),
    "testing": ("contracts", "runtime", "study", "store", "engine"),
    "cli": ("contracts", "formatting", "runtime", "study", "store", "analysis", "search", "engine"),
}
"""What each part of `dse` may import besides itself."""

PLUGINS_MAY_IMPORT = ("contracts", "runtime", "analysis", "formatting", "layers")
"""What workloads and backends may import of `dse`."""

SHARED_BY_BACKENDS = "backends.modelgraph"
"""hls4ml's ModelGraph is the intermediate representation, so backends share what makes it."""


def module_name(file: str) -> str:
    parts = Path(file).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(file) for file in FILES}


def imports(source: str, file: str) -> Iterator[str]:
    """Full names of what a source imports, wherever in it: `dse.runtime.cache.digest`."""
    package = Path(file).parent.parts
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*above, *filter(None, [node.module])))
            yield from (f"{base}.{alias.name}" for alias in node.names)


def imported_modules(file: str) -> set[str]:
    """Modules of this project that a file imports."""
    names = imports(FILES[file].read_text(), file)
    own = {name for name in names if name.partition(".")[0] in TOP}
    return {name if name in MODULES else name.rpartition(".")[0] for name in own}


def part_of(module: str) -> str:
    """The part of `dse` a module belongs to."""
    return module.split(".")[1] if "." in module else ""


def files(*tops: str) -> list[str]:
    return [
        file for file in FILES if any(f"{module_name(file)}.".startswith(f"{t}.") for t in tops)
    ]


OPEN_THE_DASHBOARD = ("dse/cli/dashboard.py", "dse/plot.py")
"""Modules that import the dashboard, in functions."""


def test_imports_are_found_wherever_they_stand() -> None:
    source = (
        "import a.b, c\nfrom d import e\nfrom . import f\nfrom ..g import h\n"
        "def late():\n    from i.j import k\n"
    )
    found = list(imports(source, "dse/store/here.py"))
    assert found == ["a.b", "c", "d.e", "dse.store.f", "dse.g.h", "i.j.k"]


def test_every_part_of_the_framework_has_its_rule() -> None:
    parts = {part_of(module_name(file)) for file in files("dse")} - {""}
    assert parts == MAY_IMPORT.keys()


def test_no_module_stands_loose_in_the_framework() -> None:
    loose = {file.stem for file in (ROOT / "dse").glob("*.py")}
    assert loose == {"__init__", "formatting", "layers", "plot", "plugins"}


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_the_parts_of_the_framework_import_one_way(part: str) -> None:
    allowed = {part, *MAY_IMPORT[part], ""}
    wrong = {
        (file, module)
        for file in files(f"dse.{part}")
        for module in imported_modules(file)
        if module.split(".")[0] != "dse" or part_of(module) not in allowed
    }
    opens_the_dashboard = {pair for pair in wrong if pair[0] in OPEN_THE_DASHBOARD}
    assert wrong - opens_the_dashboard == set()
    assert all(module.startswith("dashboards.") for _, module in opens_the_dashboard)


def test_no_two_modules_import_each_other() -> None:
    graph = {module_name(file): imported_modules(file) - {module_name(file)} for file in FILES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


@pytest.mark.parametrize("file", files("workloads", "backends"))
def test_plugins_import_contracts_and_tools_of_the_framework(file: str) -> None:
    of_dse = {module for module in imported_modules(file) if module.startswith("dse.")}
    assert {module for module in of_dse if part_of(module) not in PLUGINS_MAY_IMPORT} == set()


DRIVES_ALL_BACKENDS = "backends/testing.py"
"""The conformance suite of layers."""


@pytest.mark.parametrize(
    "file", [f for f in files("workloads", "backends", "dashboards") if f != DRIVES_ALL_BACKENDS]
)
def test_plugins_do_not_import_each_other(file: str) -> None:
    own = ".".join(module_name(file).split(".")[:2]) if file.startswith("backends") else ""
    own = own or module_name(file).split(".")[0]
    allowed = ("dse", own, *([SHARED_BY_BACKENDS] if file.startswith("backends") else []))
    others = {
        m for m in imported_modules(file) if not f"{m}.".startswith(tuple(f"{a}." for a in allowed))
    }
    assert others - {"backends", "workloads", "dashboards"} == set()


@pytest.mark.parametrize("file", files("dashboards"))
def test_the_dashboard_does_not_need_the_command_line(file: str) -> None:
    assert {m for m in imported_modules(file) if m.startswith(("dse.cli", "dse.testing"))} == set()


@pytest.mark.parametrize("file", files("dse"))
def test_nothing_names_a_module_of_a_plugin_in_a_text(file: str) -> None:
    tree = ast.parse(FILES[file].read_text())
    texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
    hidden = re.compile(r"(backends|workloads|dashboards)(\.\w+)+")
    assert [t for t in texts if isinstance(t, str) and hidden.match(t)] == []


@pytest.mark.parametrize("file", files("dse", "workloads", "backends"))
def test_only_the_command_line_writes_to_the_terminal(file: str) -> None:
    tree = ast.parse(FILES[file].read_text())
    calls = (n.func for n in ast.walk(tree) if isinstance(n, ast.Call))
    prints = [f.lineno for f in calls if isinstance(f, ast.Name) and f.id == "print"]
    nodes = (n for n in ast.walk(tree) if isinstance(n, ast.Attribute))
    streams = [n.lineno for n in nodes if n.attr in {"stdout", "stderr"} and _is_sys(n.value)]
    assert prints == []
    assert streams == [] or file.startswith("dse/cli/")


def _is_sys(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "sys"
