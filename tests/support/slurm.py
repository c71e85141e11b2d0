"""SLURM on this machine, for tests: its own daemons on ports of their own."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CONFIGURATION = """
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MaxArraySize=4
SlurmdParameters=config_overrides
MpiDefault=none
KillWait=1
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 RealMemory=1000000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch")


def missing() -> str:
    """Why SLURM cannot run here; empty if it can."""
    absent = [name for name in _PROGRAMS if shutil.which(name, path=_path()) is None]
    if absent:
        return f"{absent[0]} is not installed: apt-get install slurm-wlm"
    return "" if os.geteuid() == 0 else "SLURM's daemons need root"


def _path() -> str:
    return os.pathsep.join((os.environ["PATH"], "/usr/sbin", "/sbin"))


@contextmanager
def running(folder: Path) -> Iterator[dict[str, str]]:
    """Variables for commands that use this SLURM."""
    _start_munge()
    for name in ("state", "spool"):
        (folder / name).mkdir()
    configuration = folder / "slurm.conf"
    ports = [_free_port(), _free_port()]
    host = socket.gethostname().partition(".")[0]
    configuration.write_text(_CONFIGURATION.format(host=host, ports=ports, folder=folder))
    environment = {**os.environ, "SLURM_CONF": str(configuration), "PATH": _path()}
    daemons = [
        subprocess.Popen(
            [*command, "-f", configuration], env=environment, stderr=subprocess.DEVNULL
        )
        for command in (("slurmctld", "-D"), ("slurmd", "-D", "-N", host))
    ]
    try:
        _until_idle(environment, folder)
        yield {"SLURM_CONF": str(configuration)}
    finally:
        for daemon in reversed(daemons):
            daemon.terminate()
            daemon.wait(30)


def _start_munge() -> None:
    if subprocess.run(["munge", "-n"], capture_output=True, check=False).returncode == 0:
        return
    place = Path("/run/munge")
    place.mkdir(exist_ok=True)
    shutil.chown(place, "munge", "munge")
    subprocess.run(["runuser", "-u", "munge", "--", "munged"], check=True, env={"PATH": _path()})


def _until_idle(environment: dict[str, str], folder: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        done = subprocess.run(
            ["sinfo", "--noheader", "--format=%T"],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.stdout.strip() == "idle":
            return
        time.sleep(0.5)
    raise AssertionError(
        (folder / "slurmctld.log").read_text() + (folder / "slurmd.log").read_text()
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
