"""Settings of glibc's allocator for the tools that hold a netlist in memory.

Yosys and Verilator allocate millions of small objects and run for seconds: a tenth of their
processor time goes to giving memory back and asking for it again. What they compute is the same.
"""

import os
from collections.abc import Mapping

_VARIABLE = "GLIBC_TUNABLES"
_TUNABLES = {
    "hugetlb": 1,  # large pages: fewer page faults
    "tcache_count": 60000,  # freed objects of one size that are kept at hand
    "top_pad": 64 << 20,  # bytes by which the heap grows
    "trim_threshold": 1 << 30,  # free bytes from which on the heap shrinks
    "mmap_threshold": 1 << 30,  # bytes from which on an object is no part of the heap
}


def with_large_heap(environment: Mapping[str, str]) -> dict[str, str]:
    """Return variables for a tool, and the settings in them.

    Settings of the user have the last word. Other C libraries, and older glibc where it does not
    know a setting, ignore them (see "Memory Allocation Tunables" in glibc's manual).

    Args:
        environment: variables that the tool needs.
    """
    settings = [f"glibc.malloc.{name}={value}" for name, value in _TUNABLES.items()]
    if own := environment.get(_VARIABLE) or os.environ.get(_VARIABLE):
        settings.append(own)
    return {**environment, _VARIABLE: ":".join(settings)}
