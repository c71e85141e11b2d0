"""Kernels compiled for a device, kept on disk: one build per device, precision and tiling."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from backends.opencl.devices import Device
from dse.contracts.errors import EvaluationError, FailureKind
from dse.runtime.cache import cached_directory, digest

_BINARY = "program.bin"


@cache
def source(*names: str) -> str:
    """Kernel files joined, the number formats first."""
    folder = files("backends.opencl").joinpath("kernels")
    return "\n".join(folder.joinpath(f"{name}.cl").read_text() for name in ("types", *names))


def build(
    context: Any, device: Device, names: Sequence[str], options: Sequence[str], program_cache: Path
) -> Any:
    """A pyopencl program.

    Args:
        context: pyopencl's.
        device: what it is for.
        names: kernel files.
        options: for the compiler.
        program_cache: folder of compiled programs.

    Raises:
        EvaluationError: tool_failed, with the compiler's log.
    """
    import pyopencl as cl

    text = source(*names)
    key = digest(device.name, device.driver, text, list(options))

    def compile_to(folder: Path) -> None:
        try:  # pyopencl's own cache does not know for which CPU a program was built
            made = cl.Program(context, text).build(list(options), cache_dir=False)
        except cl.RuntimeError as error:
            raise EvaluationError(
                FailureKind.TOOL_FAILED,
                f"the kernels do not build on {device.name}",
                hint="smaller tiles or vectors, or another device",
                log=str(error)[-4000:],
            ) from error
        (folder / _BINARY).write_bytes(made.get_info(cl.program_info.BINARIES)[0])

    binary = (cached_directory(program_cache, key, compile_to) / _BINARY).read_bytes()
    return cl.Program(context, [device.handle], [binary]).build(list(options))
