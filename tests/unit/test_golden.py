"""An adapter's version is held to its results: what needs no tool."""

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import golden
import pytest
from golden_results import RECORDINGS, Recording

from backends.hls4ml.bittrue.backend import BittrueBackend
from dse.contracts.registry import Registry

CASES = [
    pytest.param(recording, design, id=f"{recording.backend.name}-{recording.section}-{design}")
    for recording in RECORDINGS
    if not recording.tool
    for design in recording.designs
]


@pytest.mark.parametrize(("recording", "design"), CASES)
def test_results_are_those_of_the_adapter_s_version(recording: Recording, design: str) -> None:
    assert golden.complaint(recording, design, golden.record(recording, design)) == ""


def test_every_backend_has_a_golden_file() -> None:
    """`noop` computes nothing."""
    recorded = {recording.backend.name for recording in RECORDINGS}
    assert recorded == {*Registry.installed().backend_names()} - {"noop"}


BITTRUE = next(recording for recording in RECORDINGS if recording.backend is BittrueBackend)


def test_a_change_without_a_new_version_says_what_to_do() -> None:
    found = copy.deepcopy(golden.stored(BittrueBackend)["evaluation"]["mlp"])
    assert golden.complaint(BITTRUE, "mlp", found) == ""
    found["outputs"] = "0" * 64
    says = golden.complaint(BITTRUE, "mlp", found)
    assert "/outputs: " in says
    assert "raise `version` of BittrueBackend" in says
    assert says.endswith(f"{golden.COMMAND} bittrue")


def test_a_new_version_asks_for_a_new_file(monkeypatch: pytest.MonkeyPatch) -> None:
    found = golden.stored(BittrueBackend)["evaluation"]["mlp"]
    monkeypatch.setattr(BittrueBackend, "version", BittrueBackend.version + 1)
    assert "write it anew" in golden.complaint(BITTRUE, "mlp", found)


def test_tools_of_a_section_that_is_not_recorded_yet() -> None:
    """So that the complaint is read, and no error of a key."""
    new = replace(BITTRUE, section="new")
    assert golden.tools(new, "mlp", {"tool": "Yosys 1"}) == ("", "Yosys 1")


def test_changed_results_are_not_written_at_an_old_version(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = golden.path_of(BittrueBackend).read_text()
    monkeypatch.setattr(golden, "FOLDER", tmp_path)
    path = golden.path_of(BittrueBackend)
    path.write_text(before.replace('"mean_output": 0.', '"mean_output": 7.'))
    changed = path.read_text()
    with pytest.raises(golden.UnraisedVersionError, match="BittrueBackend first"):
        golden.regenerate(BittrueBackend)
    assert path.read_text() == changed
    monkeypatch.setattr(BittrueBackend, "version", BittrueBackend.version + 1)
    golden.regenerate(BittrueBackend)
    assert golden.stored(BittrueBackend)["version"] == BittrueBackend.version


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        (1.0, 1.00001, True),
        (1.0, 1.01, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ([1, 2], [1], False),
        (1, 1.0, False),
    ],
)
def test_what_counts_as_a_difference(before: Any, after: Any, same: bool) -> None:
    assert (golden.differences(before, after) == []) is same
