"""Artifacts are shown as text, and nothing else of the machine is."""

from pathlib import Path

import pytest

from dashboards.files import readable_file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("a secret")
    folder = tmp_path / "artifacts"
    (folder / "k").mkdir(parents=True)
    (folder / "k" / "log").write_text("line <script>\n")
    (folder / "k" / "link").symlink_to(tmp_path / "secret")
    (folder / "k" / "binary").write_bytes(b"\x7fELF\0\0")
    (folder / "k" / "long").write_text("a" * 300_000)
    return folder


def test_a_text_is_shown(folder: Path) -> None:
    assert readable_file(folder, "k/log") == ("line <script>\n", "")


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "k/../../secret", "k/link"])
def test_nothing_outside_is_read(folder: Path, path: str) -> None:
    text, remark = readable_file(folder, path)
    assert text == ""
    assert "outside" in remark


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("k/a\0b", "not the path of a file"),
        ("\0", "not the path of a file"),
        ("k/\ud800", "not the path of a file"),
        ("k/" + "x" * 300, "name too long"),
        ("x/" * 5000, "name too long"),
        ("k/loop", "no longer exists"),
        ("k/log/below", "no longer exists"),
        ("", "a folder"),
    ],
)
def test_what_is_no_path_is_said(folder: Path, path: str, says: str) -> None:
    (folder / "k" / "loop").symlink_to(folder / "k" / "loop")
    text, remark = readable_file(folder, path)
    assert text == ""
    assert says in remark.lower()


def test_what_is_no_text_is_said(folder: Path) -> None:
    assert readable_file(folder, "k/binary") == ("", "binary file, 6 bytes")
    assert readable_file(folder, "k") == ("", "a folder")
    assert readable_file(folder, "k/gone") == ("", "no longer exists")
    text, remark = readable_file(folder, "k/long")
    assert len(text) == 200_000
    assert remark == "first 200,000 bytes"
