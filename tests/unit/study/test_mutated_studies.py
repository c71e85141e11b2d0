"""A damaged study file is refused with a typed error, or is a sound study all the same."""

import json
import sys
from itertools import islice
from pathlib import Path

import pytest
from mutated_studies import many

from dse.cli.main import main
from dse.contracts.errors import DseError, StudyError
from dse.contracts.registry import Registry
from dse.engine.plan import Planner
from dse.study.binding import sample_points
from dse.study.validate import load_binding

_SAMPLED = 20


def planned(file: Path, registry: Registry) -> list[dict[str, object]]:
    """Some points of the study in a file, planned as `dse run` plans them."""
    binding = load_binding(file, (), registry)
    points = list(islice(sample_points(binding), _SAMPLED))
    Planner(binding, {name: kind() for name, kind in binding.backends.items()}).plan(points)
    return [dict(point) for point in points]


def outcome(file: Path, registry: Registry) -> list[dict[str, object]] | DseError:
    """The points, or why the file is no study; any other error fails the test."""
    try:
        return planned(file, registry)
    except DseError as error:
        return error


def is_sound(file: Path, registry: Registry) -> bool:
    """Whether it is a study, all of whose numbers have a place in a database."""
    found = outcome(file, registry)
    if isinstance(found, DseError):
        assert found.exit_code > 1
        assert found.message
        assert not isinstance(found, StudyError) or str(file) in str(found)
        str(found).encode()
        return False
    json.dumps(found, allow_nan=False).encode()
    assert all(abs(v) < 2**63 for p in found for v in p.values() if isinstance(v, int))
    return True


def n_sound(folder: Path, seed: int, count: int) -> int:
    """How many of the damaged files are sound studies."""
    registry, sound = Registry.installed(), 0
    for data in many(seed, count):
        file = folder / "study.yaml"
        file.write_bytes(data)
        try:
            sound += is_sound(file, registry)
        except BaseException:
            (folder / "culprit.yaml").write_bytes(data)  # pytest keeps the folder
            raise
    return sound


def test_some_hundred_damaged_studies(tmp_path):
    assert 0 < n_sound(tmp_path, seed=1, count=300) < 300


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 12))
def test_ten_thousand_damaged_studies(tmp_path, seed):
    assert 0 < n_sound(tmp_path, seed, count=1000) < 1000


def test_the_command_ends_with_a_code(tmp_path, monkeypatch, capsys):
    """What users see is one message, never a traceback."""
    file = tmp_path / "study.yaml"
    monkeypatch.setattr(sys, "argv", ["dse", "plan", str(file), "--db", str(tmp_path / "r.db")])
    for data in many(seed=0, count=40):
        file.write_bytes(data)
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr().err
        code = ended.value.code or 0
        assert said.startswith("dse: error: ") if code else code == 0
        assert code != 1
