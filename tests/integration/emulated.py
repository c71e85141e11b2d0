"""Runs in a process whose OpenCL driver is Intel's FPGA emulation device."""

from pathlib import Path
from typing import Any

import numpy as np

from backends.modelgraph.network import Network
from backends.opencl.devices import choose
from backends.opencl.events import batches, scatter
from backends.opencl.host import Host
from backends.opencl.memory import Choices
from backends.opencl.plan import make_plan
from backends.opencl.precision import formats
from backends.opencl.tiling import Tiling

TILES = Tiling(tile_m=4, tile_n=8, tile_k=4, work_m=2, work_n=2, vector=2, staged=True)


def outputs(folder: Path, inputs: list[np.ndarray[Any, Any]], kernel: str, keep: Path) -> Any:
    """What the emulated kernels give, padded as Keras gives it."""
    plan = make_plan(Network.load(folder))
    device = choose("FPGA Emulation")
    events = list(batches(plan, inputs, 5))
    most: Any = {k: max(e.rows[k] for e in events) for k in ("nodes", "edges", "samples")}
    host = Host(plan, device, Choices(32, TILES, kernel), formats(plan, (), 32), most, keep)
    rows = inputs[2].shape[1]
    spent = host.run_all([lambda e=e: e for e in events], double_buffering=True)
    assert spent > 0
    return np.concatenate([scatter(plan, e, host.run(lambda e=e: e)[0], rows) for e in events])
