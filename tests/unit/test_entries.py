"""Entry points of installed packages."""

import importlib.metadata

from installed import distribution

from dse.contracts.entries import entry_points


def test_metadata_are_read_once_along_a_path(monkeypatch, tmp_path):
    distribution(tmp_path, "brings-a-backend", **{"dse.backends": {"brought": "brought:Backend"}})
    monkeypatch.syspath_prepend(tmp_path)
    reads, read = [], importlib.metadata.entry_points
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda: reads.append(1) or read())
    for group in ("dse.backends", "dse.backends", "dse.workloads"):
        found = {entry.name: entry.value for entry in entry_points(group=group)}
        known = {entry.name: entry.value for entry in read(group=group)}
        assert found == known
        assert ("brought" in found) == (group == "dse.backends")
    assert reads == [1]


def test_a_package_on_a_path_that_is_added_is_found(monkeypatch, tmp_path):
    assert "added" not in {entry.name for entry in entry_points(group="dse.backends")}
    distribution(tmp_path, "is-added", **{"dse.backends": {"added": "added:Backend"}})
    monkeypatch.syspath_prepend(tmp_path)
    assert "added" in {entry.name for entry in entry_points(group="dse.backends")}
