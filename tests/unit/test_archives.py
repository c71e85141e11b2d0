"""Compressed files that expand beyond the memory are refused before they are read."""

import gzip
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest

from dse.contracts.errors import DataError
from dse.runtime import archives
from dse.runtime.keras_file import network_config
from workloads.datasets.readers import FORMATS
from workloads.tracking.trackml import read_events

LIMIT = 100_000


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "most_bytes", lambda: LIMIT)


@pytest.mark.usefixtures("little_memory")
def test_npz(tmp_path: Path) -> None:
    file = tmp_path / "x.npz"
    np.savez_compressed(file, x=np.zeros(LIMIT))
    assert file.stat().st_size < LIMIT / 50
    with pytest.raises(DataError, match=r"expands to 800 kB, more than half .*100 kB"):
        FORMATS[".npz"].names(file)
    np.savez_compressed(file, x=np.zeros(100))
    assert FORMATS[".npz"].names(file) == ["x"]


@pytest.mark.usefixtures("little_memory")
def test_gzip() -> None:
    assert archives.gunzip(gzip.compress(b"0" * LIMIT), "here") == b"0" * LIMIT
    with pytest.raises(DataError, match="here: the file expands to more than 100 kB"):
        archives.gunzip(gzip.compress(b"0" * (LIMIT + 1)), "here")


@pytest.mark.usefixtures("little_memory")
def test_events_in_a_zip_archive(tmp_path: Path) -> None:
    file = tmp_path / "events.zip"
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("event000001000-hits.csv", "0" * (LIMIT + 1))
    with pytest.raises(DataError, match=r"events\.zip.*expands to 100 kB"):
        list(read_events(file))


def test_a_description_of_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "model.keras"
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("config.json", '{"a": 1}')
    assert network_config(file) == {"a": 1}
    monkeypatch.setattr("dse.runtime.keras_file._MOST_BYTES", 7)
    assert network_config(file) == {}
