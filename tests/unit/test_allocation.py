"""Settings of the allocator for the tools of the open flow."""

import subprocess
from pathlib import Path

import pytest

from backends.openhls.allocation import with_large_heap


def test_glibc_takes_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loader of glibc lists the values it uses; it would ignore a misspelt one silently."""
    loader = "/lib64/ld-linux-x86-64.so.2"
    if not Path(loader).exists():
        pytest.skip("no loader of glibc for x86-64")
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)

    def listed(environment: dict[str, str]) -> dict[str, int]:
        command = [loader, "--list-tunables"]
        answer = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        ).stdout
        lines = (line.split() for line in answer.splitlines())
        return {words[0].rstrip(":"): int(words[1], 16) for words in lines if len(words) > 1}

    plain, tuned = listed({}), listed(with_large_heap({}))
    if not plain:
        pytest.skip("glibc is older than 2.33")
    assert tuned["glibc.malloc.tcache_count"] > plain["glibc.malloc.tcache_count"]
    assert tuned["glibc.malloc.trim_threshold"] > plain["glibc.malloc.trim_threshold"]


def test_settings_of_the_user_come_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=7")
    given = with_large_heap({"A": "b"})
    assert given["A"] == "b"
    assert given["GLIBC_TUNABLES"].endswith(":glibc.malloc.tcache_count=7")
