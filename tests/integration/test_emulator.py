"""The same kernels on Intel's FPGA emulation device, with channels and without.

The emulator is Intel's runtime of 2023 from PyPI, which `make test` puts into
`.venv/fpga-emulator`; it has no timing.
"""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backends.opencl.devices import package_version
from dse.runtime import isolated

LIBRARIES = Path(__file__).parents[2] / ".venv" / "fpga-emulator" / "lib"


@pytest.fixture
def emulator(tmp_path: Path) -> dict[str, str]:
    """Environment in which it is the one OpenCL device."""
    library = LIBRARIES / "libintelocl_emu.so"
    if not library.is_file() or package_version() is None:
        pytest.skip("Intel's FPGA emulator is not in .venv/fpga-emulator: make test installs it")
    (tmp_path / "vendors").mkdir()
    (tmp_path / "vendors" / "emulator.icd").write_text(f"{library}\n")
    known = os.environ.get("LD_LIBRARY_PATH", "")
    return {
        **isolated.QUIET,
        "XDG_CACHE_HOME": str(tmp_path / "others"),
        "OCL_ICD_VENDORS": str(tmp_path / "vendors"),
        "LD_LIBRARY_PATH": f"{LIBRARIES}{os.pathsep}{known}",
        # On newer CPUs (AMX) it loads z1 in place of z0 and then calls functions of both.
        "LD_PRELOAD": str(LIBRARIES / "__ocl_svml_z0.so"),
    }


@pytest.mark.parametrize(
    ("name", "kernel"),
    [
        ("one_pass", "tiled"),
        ("appendix_a", "stream"),
        pytest.param("opencl", "stream", marks=pytest.mark.slow),
    ],
)
def test_outputs_are_keras_outputs(  # noqa: PLR0917  (fixtures)
    name: str,
    kernel: str,
    emulator: dict[str, str],
    networks_folder: Path,
    batch: Any,
    keras_outputs: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inputs = batch(name)
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    assert str(Path(__file__).parent) in sys.path
    found = isolated.call(
        "emulated:outputs",
        *(networks_folder / name, inputs, kernel, tmp_path / "kept"),
        log=tmp_path / "log",
        environment=emulator,
    )
    mask = (inputs[2] < 12) | (inputs[3] < 12)
    np.testing.assert_allclose(found[mask], keras_outputs[name][mask], atol=2e-5)
    assert not list(tmp_path.glob("others/pyopencl/**/binary")), "a program is kept twice"
