"""nginx as a process of its own, with a configuration of the documentation."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

PROGRAM = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")

MISSING = "" if PROGRAM and shutil.which("openssl") else "needs nginx and openssl"

_MAIN = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/included.conf;
}}
"""


def free_port() -> int:
    """Return a port of the loopback interface that nothing listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def certificate(folder: Path, *names: str) -> tuple[Path, Path]:
    """Make a certificate for some names; return its file and that of its key."""
    made, key = folder / "made.pem", folder / "made.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", f"/CN={names[0]}", "-out", str(made), "-keyout", str(key)]
    command += ["-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names)]
    subprocess.run(command, check=True, capture_output=True)
    return made, key


@contextmanager
def running(folder: Path, configuration: Path, changes: Mapping[str, str]) -> Iterator[None]:
    """Run nginx with a configuration.

    Args:
        folder: of its files and logs.
        configuration: file to be included in its http block.
        changes: texts of the file and what stands for them, such as free ports; each has to be
            there.
    """
    text = configuration.read_text()
    for before, after in changes.items():
        assert before in text, before
        text = text.replace(before, after)
    (folder / "included.conf").write_text(text)
    main = folder / "nginx.conf"
    main.write_text(_MAIN.format(folder=folder))
    assert PROGRAM is not None
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen([PROGRAM, "-p", folder, "-c", main], stdout=said, stderr=said)
    try:
        _await_start(process, folder)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def _await_start(process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError):
            if (folder / "pid").read_text().strip():
                return
        time.sleep(0.05)
    raise RuntimeError(f"nginx does not start: {(folder / 'said').read_text()}")
