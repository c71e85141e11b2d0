"""Marks of tests that need a tool, which skip with the reason where the project finds none."""

import shutil

import pytest

from backends.openhls import toolchain

compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
simulator = pytest.mark.skipif(
    toolchain.simulator() is None, reason="no Verilog simulator is installed"
)
synthesis = pytest.mark.skipif(toolchain.yosys() is None, reason="Yosys is not installed")
icarus = pytest.mark.skipif(
    shutil.which("iverilog") is None, reason="Icarus Verilog is not installed"
)


def nextpnr(family: str) -> pytest.MarkDecorator:
    """Needs the nextpnr of a family and Yosys, to place and route."""
    missing = toolchain.nextpnr(family) is None or toolchain.yosys() is None
    reason = f"nextpnr-{family} is not installed: pip install {toolchain.NEXTPNR[family]}"
    return pytest.mark.skipif(missing, reason=reason)
