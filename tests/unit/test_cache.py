"""Cache entries whose files were damaged are noticed, and built again."""

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dse.runtime import checksums
from dse.runtime.cache import cached_directory

FILES = ("evaluation.npz", "manifest.json", "model.keras", "modules/layer.py", "sub/firmware.so")


class Entry:
    """A cache entry with files of several kinds; counts how often it is built."""

    def __init__(self, root: Path) -> None:
        self.root, self.built = root, 0

    def build(self, folder: Path) -> None:
        self.built += 1
        generator = np.random.default_rng(0)
        for name in FILES:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(generator.bytes(2000))

    def get(self) -> dict[str, bytes]:
        folder = cached_directory(self.root, "key", self.build)
        return {name: (folder / name).read_bytes() for name in FILES}


@pytest.fixture
def entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Entry:
    monkeypatch.setattr(checksums, "_seen", {})
    return Entry(tmp_path)


def flip(file: Path, bit: int) -> None:
    """Flip one bit; size and time of change stay, as when a disk fails."""
    before = file.stat()
    content = bytearray(file.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    file.write_bytes(content)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("name", [*FILES, checksums.FILE])
def test_a_flipped_bit_is_noticed_by_a_new_process(
    entry: Entry, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = entry.get()
    dice = random.Random(name)
    for count in range(20):
        file = entry.root / "key" / name
        flip(file, dice.randrange(8 * file.stat().st_size))
        monkeypatch.setattr(checksums, "_seen", {})  # as in a new process
        assert entry.get() == good
        assert entry.built == count + 2


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_cut_or_gone_is_noticed_at_once(entry: Entry, name: str) -> None:
    good = entry.get()
    for damage in (Path.unlink, lambda file: os.truncate(file, 7), lambda file: file.touch()):
        damage(entry.root / "key" / name)
        assert entry.get() == good
    assert entry.built == 3  # a later time of change alone is no damage


def test_a_process_reads_an_entry_once(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    entry.get()
    entry.get()
    monkeypatch.setattr(checksums, "file_digest", None)
    entry.get()
    assert entry.built == 1


def test_what_comes_later_is_no_damage(entry: Entry) -> None:
    entry.get()
    (entry.root / "key" / "modules" / "__pycache__").mkdir()
    (entry.root / "key" / "notes.txt").write_text("later")
    entry.get()
    assert entry.built == 1


def test_an_entry_of_an_earlier_version_is_taken_as_it_is(
    entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = entry.get()
    (entry.root / "key" / checksums.FILE).unlink()
    assert entry.get() == good
    assert entry.built == 1
    flip(entry.root / "key" / FILES[0], 99)
    monkeypatch.setattr(checksums, "_seen", {})
    assert entry.get() == good
    assert entry.built == 2


def test_a_run_evaluates_after_damage_as_before(tmp_path: Path) -> None:
    """A damaged network is prepared again, instead of a failure that is stored."""
    (tmp_path / "s.yaml").write_text(
        "name: s\nworkload: {name: noop}\nspace: {value: [1, 2]}\nbackends: [noop]\n"
    )
    command = [sys.executable, "-m", "dse.cli.main", "run", "s.yaml", "--executor", "serial"]
    command += ["--set", "space.value=[%d]"]
    for value in range(2):
        run = [part.replace("%d", str(value)) for part in command]
        done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert ("is damaged" in done.stderr) == (value > 0)
        (file,) = tmp_path.glob(".dse/cache/networks/*/evaluation.npz")
        flip(file, 100)
