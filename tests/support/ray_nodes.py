"""A Ray cluster on this machine, whose nodes do not see the folders of the tests or of dse."""

import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ENVIRONMENT = {
    "RAY_AUTH_MODE": "token",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # as for a private Ray in the same process
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
}
_OF_NODES = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "1"}
"""Otherwise there is one node at most, as for a private Ray."""
_ROOT = Path(__file__).parents[2]
_CODE = [_ROOT / name for name in ("dse", "backends", "workloads")]


def missing() -> str:
    """Return why there can be no such cluster here; empty if there can."""
    if shutil.which("unshare") is None:
        return "unshare is not installed"
    probe = ["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"]
    done = subprocess.run(probe, capture_output=True, check=False)
    return "" if done.returncode == 0 else "mounting needs the rights of root"


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Cluster:
    """A head without cores, which the driver joins, and nodes that can be added and killed."""

    hidden: Sequence[Path]
    log: Path
    folder: str
    port: int = field(default_factory=_free_port)
    nodes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"127.0.0.2:{self.port}"

    def start(self, *options: str, before: str = "true", **environment: str) -> int:
        """Start a node and return its number; the first is the head, which sees everything."""
        head = not self.nodes
        ray = [
            sys.executable,
            "-m",
            "ray.scripts.scripts",
            "start",
            "--block",
            "--disable-usage-stats",
        ]
        ray += [
            f"--node-ip-address=127.0.0.{2 + len(self.nodes)}",
            "--object-store-memory=100000000",
        ]
        ray += (
            [f"--port={self.port}", "--head", "--num-cpus=0"]
            if head
            else [f"--address={self.address}"]
        )
        ray += ["--include-dashboard=false"] if head else []
        script = f"{before} && exec {shlex.join([*ray, *options])}"
        if not head:
            mounts = [f"mount -t tmpfs none {shlex.quote(str(one))}" for one in self.hidden]
            script = " && ".join([*mounts, script])
        environment = {**os.environ, **_OF_NODES, "RAY_TMPDIR": self.folder, **environment}
        environment.pop("PYTHONPATH", None)
        shell = ["sh", "-c", script] if head else ["unshare", "-m", "sh", "-c", script]
        # its directory is hidden too, and Ray's processes are one group that can be killed
        with self.log.open("ab") as log:
            node = subprocess.Popen(
                shell, cwd="/", env=environment, start_new_session=True, stdout=log, stderr=log
            )
        self.nodes.append(node)
        self._await(len(self.nodes))
        return len(self.nodes) - 1

    def _await(self, count: int) -> None:
        """Wait until so many nodes have started, dead ones included."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self.log.read_text().count("Ray runtime started.") == count:
                return
            time.sleep(0.2)
        raise TimeoutError(f"a Ray node does not start: {self.log.read_text()[-2000:]}")

    def kill(self, number: int) -> None:
        """Kill a node with all its processes."""
        self.nodes[number].send_signal(signal.SIGKILL)
        os.killpg(self.nodes[number].pid, signal.SIGKILL)
        self.nodes[number].wait()


@contextmanager
def cluster(hidden: Path) -> Iterator[Cluster]:
    """Start the head of a cluster; its nodes do not see `hidden` nor the code of dse.

    Where `hidden` is, each node has an empty folder of its own, in which its cache is.
    """
    os.environ.update(ENVIRONMENT)
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # Ray reads it once
    # Ray's sockets need a short path, and other Rays of this machine must not find this one.
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")
    made = Cluster([hidden, *_CODE], hidden / "ray-nodes.log", folder)
    try:
        made.start()
        yield made
    finally:
        for number in reversed(range(len(made.nodes))):
            if made.nodes[number].poll() is None:
                made.kill(number)
        shutil.rmtree(folder, ignore_errors=True)
