"""Programs compiled for a device and cached: one for every device, precision and tiling."""

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
    """Return the text of kernel files, joined after that of the number formats (`types.cl`)."""
    folder = files("backends.opencl").joinpath("kernels")
    return "\n".join(folder.joinpath(f"{name}.cl").read_text() for name in ("types", *names))


def build(
    context: Any, device: Device, names: Sequence[str], options: Sequence[str], program_cache: Path
) -> Any:
    """Return a pyopencl program, compiled or from the cache.

    Args:
        context: pyopencl's context.
        device: device to compile for.
        names: names of the kernel files, without ``.cl``.
        options: options for OpenCL's compiler.
        program_cache: folder of the compiled programs.

    Raises:
        EvaluationError: tool_failed, with the compiler's log.
    """
    import pyopencl as cl

    text = source(*names)
    key = digest(device.name, device.driver, text, list(options))

    def compile_to(folder: Path) -> None:
        # pyopencl's own cache is off: it does not tell CPUs apart whose devices have one name.
        try:
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
