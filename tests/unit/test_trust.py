"""Code beside a study is run from trusted folders alone."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dse.contracts.errors import DataError
from dse.runtime.modules import copy_modules, import_beside
from dse.runtime.trust import VARIABLE

Made = Callable[[], Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a module that leaves a trace when it is run."""
    (tmp_path / "theirs.py").write_text("from pathlib import Path\nPath(__file__ + '.ran').touch()")
    return tmp_path


@pytest.fixture
def stranger(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This user owns the installation, but not the folder."""
    assert folder.is_dir()
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    original = Path.stat

    def owned_by_another(self: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        found = list(original(self, follow_symlinks=follow_symlinks))
        found[4] = 4711 if self.name == "__init__.py" else 815
        return os.stat_result(found)

    monkeypatch.setattr(Path, "stat", owned_by_another)


def ran(folder: Path) -> bool:
    return folder / "theirs.py.ran" in folder.iterdir()


@pytest.mark.usefixtures("stranger")
def test_code_in_a_folder_of_another_user_is_not_run(folder: Path) -> None:
    with pytest.raises(DataError, match="belongs to another user") as caught:
        import_beside("theirs", folder)
    assert "--trust" in caught.value.hint
    with pytest.raises(DataError, match="belongs to another user"):
        copy_modules(["theirs.layers"], folder, folder / "copy")
    assert not ran(folder)


@pytest.mark.usefixtures("stranger")
def test_it_runs_where_the_user_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "1")
    monkeypatch.delitem(sys.modules, "theirs", raising=False)
    import_beside("theirs", folder)
    assert ran(folder)


@pytest.mark.usefixtures("stranger")
def test_installed_modules_are_trusted(folder: Path) -> None:
    assert import_beside("json", folder).loads("1") == 1


@pytest.mark.parametrize(("mode", "trusted"), [(0o777, False), (0o1777, True), (0o775, True)])
def test_a_folder_that_everybody_may_change_is_not_trusted(
    folder: Path, mode: int, trusted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "theirs", raising=False)
    folder.chmod(mode)
    if trusted:
        import_beside("theirs", folder)
    else:
        with pytest.raises(DataError, match="can be written by every user"):
            import_beside("theirs", folder)
    assert ran(folder) is trusted


def refused(folder: Path) -> str:
    sys.modules.pop("theirs", None)
    with pytest.raises(DataError) as caught:
        import_beside("theirs", folder)
    assert not ran(folder)
    return caught.value.message


def test_a_file_that_everybody_may_change_is_not_trusted(folder: Path) -> None:
    (folder / "theirs.py").chmod(0o666)
    assert "its file can be written by every user" in refused(folder)


def test_files_of_a_package_count_too(folder: Path) -> None:
    (folder / "theirs.py").unlink()
    (folder / "theirs").mkdir()
    (folder / "theirs" / "__init__.py").touch()
    (folder / "theirs" / "inner.py").touch(0o666)
    (folder / "theirs" / "inner.py").chmod(0o666)
    assert "its file can be written by every user" in refused(folder)


def test_where_a_link_leads_counts(folder: Path) -> None:
    place = folder / "open"
    place.mkdir()
    place.chmod(0o777)
    (folder / "theirs.py").rename(place / "theirs.py")
    (folder / "theirs.py").symlink_to(place / "theirs.py")
    assert "the folder of its file can be written by every user" in refused(folder)


def test_a_folder_above_that_everybody_may_change_is_not_trusted(folder: Path) -> None:
    inner = folder / "inner"
    inner.mkdir()
    (folder / "theirs.py").rename(inner / "theirs.py")
    folder.chmod(0o777)
    assert "a folder above it can be written by every user" in refused(inner)


@pytest.mark.skipif(os.getuid() != 0, reason="root alone may give files to others")
def test_a_file_of_another_user_is_not_trusted(folder: Path) -> None:
    os.chown(folder / "theirs.py", 65534, 65534)
    assert "its file belongs to another user" in refused(folder)
