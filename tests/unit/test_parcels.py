"""Folders as archives."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from dse.runtime.parcels import packed, replace_folder, unpack


def tree(folder: Path) -> Path:
    (folder / "inner").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "inner" / "b.bin").write_bytes(bytes(range(256)))
    return folder


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_what_is_packed_is_unpacked(tmp_path: Path) -> None:
    one = tree(tmp_path / "one")
    unpack(packed(one), tmp_path / "two")
    assert files(tmp_path / "two") == files(one)


def test_equal_contents_give_equal_bytes_whenever_they_were_written(tmp_path: Path) -> None:
    one, two = tree(tmp_path / "one"), tree(tmp_path / "two")
    os.utime(two / "a.txt", (1, 1))
    assert packed(one) == packed(two)
    (two / "a.txt").write_text("b")
    assert packed(one) != packed(two)


def test_links_are_left_out(tmp_path: Path) -> None:
    one = tree(tmp_path / "one")
    (one / "link").symlink_to("/etc/passwd")
    unpack(packed(one), tmp_path / "two")
    assert not (tmp_path / "two" / "link").exists()
    assert len(files(tmp_path / "two")) == 2


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        archive.addfile(link)
    with pytest.raises(tarfile.TarError, match="link is neither a file nor a folder"):
        unpack(buffer.getvalue(), tmp_path / "in")


def test_nothing_is_written_outside(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../outside"))
    with pytest.raises(tarfile.TarError):
        unpack(buffer.getvalue(), tmp_path / "in")
    assert not (tmp_path / "outside").exists()


def test_a_folder_is_replaced_as_a_whole_or_not(tmp_path: Path) -> None:
    content = packed(tree(tmp_path / "one"))
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "old").write_text("old")
    with pytest.raises(tarfile.TarError):
        replace_folder(content[: 5 * 512 + 100], tmp_path / "two")
    assert files(tmp_path / "two") == {"old": b"old"}
    replace_folder(content, tmp_path / "two")
    assert files(tmp_path / "two") == files(tmp_path / "one")
    assert {path.name for path in tmp_path.iterdir()} == {"one", "two"}
