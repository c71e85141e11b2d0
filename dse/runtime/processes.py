"""Identity of a process, by which another process can tell later whether it still runs."""

import os
import platform
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_CLOCK_STEP_S = 2.0
"""Largest difference in seconds of two readings of one start time: the clock may be set between."""


@dataclass(frozen=True)
class ProcessIdentity:
    """A process, told apart from later ones with the same id.

    Args:
        host: name of the machine.
        machine: identity of the boot and the set of process ids that `pid` belongs to.
        pid: id of the process.
        started: start of the process, in seconds since 1970.
    """

    host: str
    machine: str
    pid: int
    started: float

    @classmethod
    def current(cls) -> "ProcessIdentity":
        """Return the identity of this process."""
        import psutil  # slow to import, and only runs need it

        pid = os.getpid()
        return cls(platform.node(), _machine(), pid, psutil.Process(pid).create_time())

    def runs(self) -> bool | None:
        """Whether the process runs; None if it belongs to another machine or boot."""
        import psutil

        if self.machine != _machine():
            return None
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) <= _CLOCK_STEP_S
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


def _machine() -> str:
    """Return name, boot and process namespace: containers of one machine number their own."""
    found = [platform.node()]
    with suppress(OSError):  # Linux only; elsewhere the name has to do
        found.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        found.append(Path("/proc/self/ns/pid").readlink().name)
    return " ".join(found)
