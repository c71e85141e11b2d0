"""Imports point one way: cli → engine → contracts; plug-ins never look inside each other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOP = ("dse", "backends", "dashboards")
FILES = {
    file.relative_to(ROOT).as_posix(): file
    for top in TOP
    for file in sorted((ROOT / top).rglob("*.py"))
}
CONTRACTS = ("backend", "elsewhere", "workload", "metrics", "errors", "parameters")
HELPERS = ("cache", "tools", "isolated", "graph_layers", "parts")
PLUGIN_MAY = {f"dse.{name}" for name in (*CONTRACTS, *HELPERS)}
"""What backends and workloads may import from dse; a new helper is added here."""

WORKLOAD_MAY = PLUGIN_MAY | {
    "dse.analysis",
    "dse.workloads.fitting",
    "dse.workloads.keras_tuning",
    "dse.workloads.quantisation",
    "dse.workloads.scores",
}
SHARED_PACKAGES = {"backends.hls4ml"}
"""Backend packages that others may import: the ModelGraph is the intermediate representation."""

NOT_EVEN_HLS4ML = {"cpu"}


def module_name(file: str) -> str:
    parts = Path(file).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: str, file: str) -> Iterator[str]:
    """Full names of what a source imports, wherever in it: `dse.cache.digest`."""
    package = Path(file).parent.parts
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*above, *filter(None, [node.module])))
            yield from (f"{base}.{alias.name}" for alias in node.names)


def within(name: str, parts: set[str]) -> bool:
    """Whether a name is one of these modules or inside one."""
    return any(name == part or name.startswith(f"{part}.") for part in parts)


def imported(file: str) -> list[str]:
    """What a file of this project imports from this project."""
    found = imports(FILES[file].read_text(), file)
    return [name for name in found if name.partition(".")[0] in TOP]


def files(*starts: str) -> list[str]:
    return [file for file in FILES if within(module_name(file), set(starts))]


def wrong(names: list[str], forbidden: set[str]) -> list[str]:
    return [name for name in names if within(name, forbidden)]


FRAMEWORK = [file for file in files("dse") if file not in files("dse.workloads", "dse.cli")]


def test_imports_are_found_wherever_they_stand() -> None:
    source = (
        "import a.b, c\nfrom d import e\nfrom . import f\nfrom ..g import h\n"
        "def late():\n    from i.j import k\n"
    )
    found = list(imports(source, "dse/store/here.py"))
    assert found == ["a.b", "c", "d.e", "dse.store.f", "dse.g.h", "i.j.k"]


def test_all_layers_were_found() -> None:
    for name in ("dse.engine", "dse.store", "dse.analysis", "dse.cli", "dse.workloads", "backends"):
        assert files(name), name
    assert all(f"dse/{name}.py" in FILES for name in (*CONTRACTS, *HELPERS))


@pytest.mark.parametrize("file", FRAMEWORK)
def test_the_framework_knows_no_plugin_and_no_interface(file: str) -> None:
    forbidden = {"backends", "dashboards", "dse.cli", "dse.workloads"}
    assert wrong(imported(file), forbidden) == []


@pytest.mark.parametrize("file", [*FRAMEWORK, *files("dse.cli")])
def test_nothing_names_a_module_of_a_backend_in_a_text(file: str) -> None:
    tree = ast.parse(FILES[file].read_text())
    texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
    hidden = re.compile(r"(backends|dashboards)(\.\w+)+")
    assert [t for t in texts if isinstance(t, str) and hidden.match(t)] == []


@pytest.mark.parametrize("file", files("dse.analysis", "dse.store"))
def test_analysis_and_store_do_not_need_the_engine(file: str) -> None:
    forbidden = {"dse.engine", "dse.search", "dse.study", "dse.binding", "dse.registry"}
    assert wrong(imported(file), forbidden) == []


@pytest.mark.parametrize("name", CONTRACTS)
def test_contracts_need_contracts_only(name: str) -> None:
    names = imported(f"dse/{name}.py")
    assert [n for n in names if not within(n, {f"dse.{c}" for c in CONTRACTS})] == []


@pytest.mark.parametrize("file", files("dse.engine", "dse.store", "dse.analysis"))
def test_the_engine_does_not_use_what_is_for_tests(file: str) -> None:
    assert wrong(imported(file), {"dse.testing"}) == []


@pytest.mark.parametrize("file", files("backends"))
def test_backends_use_contracts_and_helpers_only(file: str) -> None:
    from_dse = [name for name in imported(file) if within(name, {"dse"})]
    assert [name for name in from_dse if not within(name, PLUGIN_MAY)] == []


@pytest.mark.parametrize("file", files("backends"))
def test_backends_do_not_look_inside_each_other(file: str) -> None:
    own = ".".join(Path(file).parts[:2])
    others = [name for name in imported(file) if not within(name, {"dse", own})]
    shared = set() if Path(file).parts[1] in NOT_EVEN_HLS4ML else SHARED_PACKAGES
    assert [name for name in others if not within(name, shared)] == []


@pytest.mark.parametrize("file", files("dse.workloads"))
def test_workloads_use_contracts_and_helpers_only(file: str) -> None:
    own = ".".join(module_name(file).split(".")[:3])
    names = [name for name in imported(file) if not within(name, {own})]
    assert [name for name in names if not within(name, WORKLOAD_MAY)] == []


@pytest.mark.parametrize("file", [*files("dse"), *files("backends")])
def test_nothing_prints(file: str) -> None:
    calls = (n for n in ast.walk(ast.parse(FILES[file].read_text())) if isinstance(n, ast.Call))
    lines = [c.lineno for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"]
    assert lines == []


@pytest.mark.parametrize("file", [*FRAMEWORK, *files("dse.workloads", "backends")])
def test_only_the_command_line_writes_to_the_terminal(file: str) -> None:
    nodes = (
        n for n in ast.walk(ast.parse(FILES[file].read_text())) if isinstance(n, ast.Attribute)
    )
    streams = [n.lineno for n in nodes if n.attr in {"stdout", "stderr"} and _is_sys(n.value)]
    assert streams == []


def _is_sys(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "sys"
