"""A Ray cluster on this machine, whose nodes do not see the folders of the tests or of dse."""

import os
import secrets
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ENVIRONMENT = {
    "RAY_AUTH_MODE": "token",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # as for a private Ray in the same process
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
}
_OF_NODES = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "1"}
"""Otherwise there is one node at most, as for a private Ray."""
_ATTEMPTS = 4
"""To start a node: Ray gives up where the machine is busy."""
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
    folder: str
    host: str = "127.0.0.2"
    port: int = field(default_factory=_free_port)
    nodes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def start(
        self,
        *options: str,
        before: str = "true",
        network: "Network | None" = None,
        **environment: str,
    ) -> int:
        """Start a node and return its number; the first is the head, which sees everything."""
        shell = self._shell(options, before, network)
        environment = {**os.environ, **_OF_NODES, "RAY_TMPDIR": self.folder, **environment}
        environment.pop("PYTHONPATH", None)
        for _ in range(_ATTEMPTS):
            log = self.hidden[0] / f"ray-node-{len(self.nodes)}.log"
            # its directory is hidden too, and Ray's processes are one group that can be killed
            with log.open("wb") as file:
                node = subprocess.Popen(
                    shell, cwd="/", env=environment, start_new_session=True, stdout=file,
                    stderr=file,
                )  # fmt: skip
            self.nodes.append(node)
            if _started(node, log):
                return len(self.nodes) - 1
            self.kill(len(self.nodes) - 1)
            self.nodes.pop()
        raise TimeoutError(f"a Ray node does not start: {log.read_text()[-2000:]}")

    def _shell(self, options: Sequence[str], before: str, network: "Network | None") -> list[str]:
        head = not self.nodes
        own = network.there if network else f"127.0.0.{2 + len(self.nodes)}"
        ray = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block"]
        ray += ["--disable-usage-stats", "--object-store-memory=100000000"]
        ray += [f"--node-ip-address={self.host if head else own}", *options]
        if head:
            ray += [f"--port={self.port}", "--head", "--num-cpus=0", "--include-dashboard=false"]
            return ["sh", "-c", f"{before} && exec {shlex.join(ray)}"]
        ray += [f"--address={self.address}"]
        mounts = [f"mount -t tmpfs none {shlex.quote(str(one))}" for one in self.hidden]
        script = " && ".join([*mounts, before, f"exec {shlex.join(ray)}"])
        inside = network.inside if network else []
        return [*inside, "unshare", "-m", "sh", "-c", script]

    def kill(self, number: int) -> None:
        """Kill a node with all its processes: a session, in which workers are groups of their own.

        Workers may go on for a while after their raylet has died.
        """
        for process in self.processes(number):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.nodes[number].wait()

    def processes(self, number: int) -> list[psutil.Process]:
        """Return the processes of a node."""
        session = self.nodes[number].pid
        return [one for one in psutil.process_iter() if _session(one) == session]


def _session(process: psutil.Process) -> int | None:
    with suppress(ProcessLookupError):
        return os.getsid(process.pid)
    return None


def _started(node: subprocess.Popen[bytes], log: Path) -> bool:
    """Wait until a node has started; Ray gives up after 30 s, which no option changes."""
    deadline = time.monotonic() + 120
    while node.poll() is None and time.monotonic() < deadline:
        if "Ray runtime started." in log.read_text():
            return True
        time.sleep(0.2)
    return False


@dataclass(frozen=True)
class Network:
    """A network namespace that one cable leads to, which can be cut."""

    name: str = f"dse{os.getpid() % 10**6}"
    here: str = "10.213.77.1"
    there: str = "10.213.77.2"

    @property
    def inside(self) -> list[str]:
        """Words before a command that runs in the namespace."""
        return ["ip", "netns", "exec", self.name]

    def cut(self) -> None:
        """Cut the cable."""
        _ip(f"link set {self.name}a down")

    def mend(self) -> None:
        """Mend the cable."""
        _ip(f"link set {self.name}a up")


def _ip(words: str) -> None:
    subprocess.run(["ip", *words.split()], check=True)


@contextmanager
def network() -> Iterator[Network]:
    """Make a network namespace of its own, and remove it."""
    made = Network()
    _ip(f"netns add {made.name}")
    try:
        _ip(f"link add {made.name}a type veth peer name {made.name}b netns {made.name}")
        _ip(f"addr add {made.here}/30 dev {made.name}a")
        _ip(f"-n {made.name} addr add {made.there}/30 dev {made.name}b")
        _ip(f"-n {made.name} link set {made.name}b up")
        _ip(f"-n {made.name} link set lo up")
        made.mend()
        yield made
    finally:
        _ip(f"netns del {made.name}")


@contextmanager
def cluster(hidden: Path, host: str = "127.0.0.2") -> Iterator[Cluster]:
    """Start the head of a cluster; its nodes do not see `hidden` nor the code of dse.

    Where `hidden` is, each node has an empty folder of its own, in which its cache is.
    """
    os.environ.update(ENVIRONMENT)
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # Ray reads it once
    # Ray's sockets need a short path, and other Rays of this machine must not find this one.
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")
    made = Cluster([hidden, *_CODE], folder, host)
    try:
        made.start()
        yield made
    finally:
        for number in reversed(range(len(made.nodes))):
            if made.nodes[number].poll() is None:
                made.kill(number)
        shutil.rmtree(folder, ignore_errors=True)
