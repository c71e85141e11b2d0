"""Ray on this machine alone, closed to others; or a cluster by its address."""

import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dse
from dse.contracts.errors import ToolMissingError
from dse.engine.ray_folder import private_folder
from dse.runtime.trust import VARIABLE as TRUST

_LOOPBACK = "127.0.0.1"

_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Without a token, everyone who reaches Ray's ports can run code as this user.
    "RAY_AUTH_MODE": "token",
    # Tasks ask Ray for no GPU: without this, older Ray versions hide all GPUs from them.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""Variables that Ray reads when it is imported, and passes on to the processes it starts."""

_LOCAL_ENVIRONMENT = {
    # Ray replaces 127.0.0.1 by an address that other machines reach unless clusters are
    # switched off (ray/_private/services.py, get_node_ip_address), whatever the system is.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    # Seconds that Ray waits for its first process, 30 by default: too few on a busy machine.
    "RAY_gcs_server_port_wait_time_s": "300",
}
"""Further variables for a Ray that serves this machine alone."""


_ATTEMPTS = 3
"""Attempts to start a local Ray: it waits 30 s for its raylet, which no option changes."""

_ANSWER_S = 5.0
"""Longest wait for a connection to the head of a cluster."""


def import_ray(*, local: bool) -> Any:
    """Return the package, imported with the environment that it reads then.

    Raises:
        ToolMissingError: it is not installed.
    """
    _set_environment(local=local)
    try:
        import ray  # slow to import, and an optional extra
    except ImportError as error:
        raise ToolMissingError(
            "Ray is not installed",
            hint="pip install 'dse-fpga[ray]', or run with --executor processes",
        ) from error
    return ray


@contextmanager
def local_ray(
    ray: Any, workers: int | None, licences: Mapping[str, int], notice: Callable[[str], None]
) -> Iterator[None]:
    """Have a Ray that this user's processes on this machine alone can reach, and its folder too.

    Args:
        ray: the package.
        workers: number of cores; all by default.
        licences: licence tokens, by name.
        notice: called with a sentence when the start takes longer than usual.

    Raises:
        ToolMissingError: it does not start, or listens on an address that other machines reach.
    """
    with private_folder() as folder:
        try:
            _start(ray, notice, num_cpus=workers, resources=dict(licences), _temp_dir=str(folder))
            _check_loopback(ray)
            yield
        finally:
            # what still ran would write to the folder while it is removed
            ray.shutdown(wait_for_processes=True)


def _start(ray: Any, notice: Callable[[str], None], **options: Any) -> None:
    """Start a local Ray, with several attempts."""
    for attempt in range(1, 1 + _ATTEMPTS):
        try:
            _initialise(
                ray,
                # Workers must find the same dse, also where it runs from a source tree.
                {"env_vars": {"PYTHONPATH": _python_path(), **_trust()}},
                address="local",  # else Ray joins a cluster that ever was started on this machine
                include_dashboard=False,
                _node_ip_address=_LOOPBACK,
                **options,
            )
            break
        except Exception as error:  # what Ray raises at its start has no type of its own
            ray.shutdown()
            if attempt == _ATTEMPTS:
                message = f"Ray does not start: {error}"
                raise ToolMissingError(message, hint="try --executor processes") from error
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            notice(f"Ray has not started ({reason}): attempt {attempt + 1}")


def join_cluster(ray: Any, address: str, runtime: Mapping[str, Any]) -> None:
    """Join a running cluster, of which this machine is a node.

    Args:
        ray: the package.
        address: such as ``10.0.0.5:6379``.
        runtime: Ray's runtime environment of the tasks; this user's trust is added to it.

    Raises:
        ToolMissingError: no cluster answers there.
    """
    _check_answers(address)
    try:
        _initialise(ray, {**runtime, "env_vars": _trust()}, address=address)
    except Exception as error:
        ray.shutdown()
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
        hint = (
            "give the address that ray start --head printed, such as 10.0.0.5:6379; if it is "
            "right, the token may be the wrong one: set RAY_AUTH_TOKEN to this cluster's; "
        )
        raise _not_joined(reason or type(error).__name__, address, hint) from error


def _check_answers(address: str) -> None:
    """Raise if nothing listens there: Ray would try for minutes."""
    host, _, port = address.rpartition(":")
    if "://" in host or not (host and port.isdecimal()):
        return  # Ray knows what it means, or says what is wrong
    try:
        socket.create_connection((host.strip("[]"), int(port)), _ANSWER_S).close()
    except (OSError, OverflowError, UnicodeError) as error:
        hint = (
            "start it with ray start --head, and give the address that this printed, such as "
            "10.0.0.5:6379; "
        )
        raise _not_joined(f"nothing answers ({error})", address, hint) from error


def _initialise(ray: Any, runtime: Mapping[str, Any], **options: Any) -> None:
    with _hangups_ignored():
        ray.init(
            log_to_driver=False,
            logging_level="ERROR",
            configure_logging=False,
            runtime_env=dict(runtime),
            **options,
        )


def _check_loopback(ray: Any) -> None:
    """Raise if other machines reach Ray's ports and so could run code here."""
    found = ray.util.get_node_ip_address()
    if found != _LOOPBACK:
        raise ToolMissingError(
            f"Ray listens on {found} instead of {_LOOPBACK}",
            hint="Ray was imported before dse set its environment; use --executor processes",
        )


@contextmanager
def _hangups_ignored() -> Iterator[None]:
    """Have processes that are started in the block ignore SIGHUP.

    A terminal that is closed sends it to Ray's processes as well. They are needed for running
    evaluations, whose results are awaited before the run ends.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may change signal handlers
        return
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def _not_joined(reason: str, address: str, hint: str) -> ToolMissingError:
    return ToolMissingError(
        f"no Ray cluster can be joined there: {reason}",
        where=f"--ray-address {address}",
        hint=f"{hint}without --ray-address, dse uses this machine",
    )


def _set_environment(*, local: bool) -> None:
    """Set the environment variables that Ray reads at import.

    A local Ray gets a random token, known to this user's processes alone. A cluster has its own
    token, which Ray reads from ``RAY_AUTH_TOKEN``, ``RAY_AUTH_TOKEN_PATH`` or
    ``~/.ray/auth_token``; for a cluster, variables that the user has set stay as they are.
    """
    if local:
        os.environ.update(_ENVIRONMENT | _LOCAL_ENVIRONMENT)
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # Ray reads it once
    else:
        os.environ.update({k: os.environ.get(k, v) for k, v in _ENVIRONMENT.items()})


def _trust() -> dict[str, str]:
    """Return the variable by which workers on other machines trust what this user trusts."""
    return {name: text for name, text in os.environ.items() if name == TRUST}


def _python_path() -> str:
    """Return PYTHONPATH with the folder of this dse first."""
    root = str(Path(dse.__file__).parent.parent)
    return os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
