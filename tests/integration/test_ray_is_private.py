"""A local Ray listens on the loopback interface alone and refuses whoever lacks its token."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from dse.engine.ray_executor import RayExecutor
from dse.testing.executors import collect, task

INTRUDER = """
import sys, ray
ray.init(address=sys.argv[1], log_to_driver=False)
print("RAN", ray.get(ray.remote(lambda: 6 * 7).remote()))
"""


LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""Without it Ray looks for 127.0.0.1 at another address of this machine."""


def listening() -> set[str]:
    """Addresses on which this process and all it started listen."""
    me = psutil.Process()
    return {
        connection.laddr.ip.removeprefix("::ffff:")
        for process in (me, *me.children(recursive=True))
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }


def sockets() -> set[str]:
    """Paths of the Unix sockets of this process and all it started."""
    me = psutil.Process()
    return {
        connection.laddr
        for process in (me, *me.children(recursive=True))
        for connection in process.net_connections("unix")
        if "/session_" in connection.laddr
    }


def around(paths: set[Path]) -> set[Path]:
    """Folders around what Ray takes for its temporary folder."""
    return {one.parent.parent for path in paths for one in path.parents if "session_" in one.name}


def intrude(address: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Try to run code on the cluster from a process that has not got this one's environment."""
    return subprocess.run(
        [sys.executable, "-c", INTRUDER, address],
        env={**LOOPBACK, "PATH": os.environ["PATH"], "HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_nothing_is_reached_from_outside_or_without_the_token(tmp_path: Path) -> None:
    with RayExecutor(workers=2) as executor:
        executor.submit([task(tmp_path, value) for value in range(4)])
        assert len(collect(executor)) == 4
        import ray

        address = ray.get_runtime_context().gcs_address
        assert address.startswith("127.0.0.1:")
        assert listening() == {"127.0.0.1"}
        (outer,) = around({Path(one) for one in sockets()})
        assert outer.stat().st_mode & 0o777 == 0o700
        for mode in ("token", "disabled"):
            answer = intrude(address, tmp_path, RAY_AUTH_MODE=mode)
            assert answer.returncode != 0
            assert "RAN" not in answer.stdout
        known = {name: os.environ[name] for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN")}
        assert "RAN 42" in intrude(address, tmp_path, **known).stdout
    assert not outer.exists()


def test_a_ray_that_others_reach_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    from dse.contracts.errors import ToolMissingError

    monkeypatch.setattr(ray.util, "get_node_ip_address", lambda: "192.0.2.1")
    with pytest.raises(ToolMissingError, match=r"listens on 192\.0\.2\.1"):
        RayExecutor(workers=1)
    assert not ray.is_initialized()
