"""OpenCL devices of this machine, and the choice of one by name."""

from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from dse.contracts.errors import EvaluationError, FailureKind

INSTALL = (
    "pip install 'dse-fpga[opencl]', and a driver: apt-get install pocl-opencl-icd runs on any CPU"
)


@dataclass(frozen=True)
class Device:
    """An OpenCL device.

    Args:
        name: ``platform:device``, as the drivers name them.
        driver: version of the platform.
        is_cpu: whether it is this machine's processor.
        units: number of compute units.
        half: whether it computes in half precision (extension cl_khr_fp16).
        caches: whether its local memory is a part of global memory, as on processors.
        handle: pyopencl's object of the device.
        vnni: whether its processor has dot products of 8- and 16-bit integers (AVX-512 VNNI), and
            its compiler takes them.
    """

    name: str
    driver: str
    is_cpu: bool
    units: int
    half: bool
    caches: bool
    handle: Any
    vnni: bool = False

    @property
    def version(self) -> str:
        """The driver's version without the build options that PoCL appends to it."""
        return self.driver.partition(" Linux,")[0]


def package_version() -> str | None:
    """Return the version of pyopencl; None where it is not installed."""
    try:
        return version("pyopencl")
    except PackageNotFoundError:
        return None


@cache
def devices() -> tuple[Device, ...]:
    """Return all devices in the order of the drivers; empty without pyopencl or drivers."""
    if package_version() is None:
        return ()
    import pyopencl as cl  # here, because it loads the drivers

    try:
        platforms = cl.get_platforms()
    except cl.LogicError:  # no driver is installed
        return ()
    return tuple(
        _device(cl, platform, handle) for platform in platforms for handle in _handles(cl, platform)
    )


def _handles(cl: Any, platform: Any) -> list[Any]:
    """Return a platform's devices; none for a driver whose hardware is not there."""
    try:
        return list(platform.get_devices())
    except cl.RuntimeError:
        return []


def _device(cl: Any, platform: Any, handle: Any) -> Device:
    local = cl.device_local_mem_type
    return Device(
        name=f"{platform.name.strip()}:{handle.name.strip()}",
        driver=" ".join(platform.version.split()),
        is_cpu=bool(handle.type & cl.device_type.CPU),
        units=handle.max_compute_units,
        half="cl_khr_fp16" in handle.extensions.split(),
        caches=handle.local_mem_type == local.GLOBAL,
        handle=handle,
        vnni=_POCL in platform.name and bool(handle.type & cl.device_type.CPU) and _has_vnni(),
    )


_POCL = "Portable Computing Language"
_CPU_FACTS = Path("/proc/cpuinfo")


@cache
def _has_vnni() -> bool:
    """Whether this machine's processor has AVX-512 VNNI; Linux alone says so.

    PoCL's compiler does not use it by itself, even where its target has it.
    """
    return _CPU_FACTS.is_file() and "avx512_vnni" in _CPU_FACTS.read_text().split()


def choose(wanted: str | None) -> Device:
    """Return the first device whose name matches, ignoring case; the first of all for None.

    Args:
        wanted: parts of the platform's and the device's names, such as ``NVIDIA:H100`` or
            ``Portable:``; without a colon, a part of the device's name.

    Raises:
        EvaluationError: tool_missing; the hint lists the devices of this machine.
    """
    found = [device for device in devices() if _matches(device, wanted)]
    if not found:
        there = "; ".join(device.name for device in devices()) or "none"
        message = f"there is no OpenCL device '{wanted}'" if wanted else "there is no OpenCL device"
        raise EvaluationError(
            FailureKind.TOOL_MISSING, message, hint=f"devices here: {there}. {INSTALL}"
        )
    return found[0]


def _matches(device: Device, wanted: str | None) -> bool:
    platform, _, name = device.name.lower().partition(":")
    first, colon, second = (wanted or "").lower().partition(":")
    return first in platform and second in name if colon else first in name
