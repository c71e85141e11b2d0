"""The TrackML reader: every place an event can be, and every way it can be wrong."""

import gzip
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dse.contracts.errors import DataError
from workloads.tracking.events import COLUMNS, Event, write_event
from workloads.tracking.simulation import SimulationSettings, simulate_event
from workloads.tracking.trackml import find_events, read_event, read_events

SMALL = SimulationSettings(pt_min_gev=2.0)
PARTS = ("hits", "truth", "particles")


@pytest.fixture(scope="module")
def event() -> Event:
    return simulate_event(1, 1000, SMALL)


@pytest.fixture
def folder(tmp_path, event):
    write_event(event, tmp_path / "data")
    return tmp_path / "data"


def file(folder: Path, part: str) -> Path:
    return folder / f"event000001000-{part}.csv"


def assert_same(read: Event, written: Event) -> None:
    assert read.number == written.number
    for part in PARTS:
        pd.testing.assert_frame_equal(
            getattr(read, part), getattr(written, part).reset_index(drop=True), check_exact=True
        )


def test_written_events_have_the_official_names_and_headers(folder):
    assert sorted(path.name for path in folder.iterdir()) == [
        "event000001000-hits.csv",
        "event000001000-particles.csv",
        "event000001000-truth.csv",
    ]
    headers = {part: file(folder, part).read_text().splitlines()[0] for part in PARTS}
    assert headers == {
        "hits": "hit_id,x,y,z,volume_id,layer_id,module_id",
        "truth": "hit_id,particle_id,tx,ty,tz,tpx,tpy,tpz,weight",
        "particles": "particle_id,vx,vy,vz,px,py,pz,q,nhits",
    }


def test_round_trip_is_exact(folder, event):
    assert_same(read_event(folder), event)


@pytest.mark.parametrize("part", PARTS)
def test_one_file_stands_for_its_event(folder, event, part):
    assert_same(read_event(file(folder, part)), event)


def test_prefix_stands_for_its_event_alone(folder, event):
    write_event(simulate_event(1, 1001, SMALL), folder)
    assert_same(read_event(folder / "event000001000"), event)
    assert_same(read_event(str(folder / "event000001000")), event)


def pack(path: Path) -> None:
    path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()


def test_gzipped_files(folder, event):
    for part in ("hits", "particles"):
        pack(file(folder, part))
    assert_same(read_event(folder), event)


def test_of_a_plain_and_a_gzipped_file_the_plain_one_is_read(folder, event):
    other = folder / "event000001000-hits.csv.gz"
    other.write_bytes(b"not even gzip")
    assert_same(read_event(folder), event)


@pytest.fixture
def archive(tmp_path, folder):
    """As downloaded: members in a folder, some gzipped, with cells and the system's litter."""
    path = tmp_path / "train_sample.zip"
    pack(file(folder, "truth"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in folder.iterdir():
            archive.write(member, f"train_100_events/{member.name}")
        archive.writestr("train_100_events/event000001000-cells.csv", "hit_id,ch0,ch1,value\n")
        archive.writestr("__MACOSX/train_100_events/._event000001000-hits.csv", b"\0\1")
    return path


def test_zip_archive(archive, event):
    assert_same(read_event(archive), event)


def test_events_come_in_order_of_their_numbers(folder, event):
    for number in (3, 12, 1000000000):
        write_event(
            Event(number, event.hits, event.truth, event.particles), folder / f"sub{number}"
        )
    assert [files.number for files in find_events(folder)] == [3, 12, 1000, 1000000000]
    assert [read.number for read in read_events(folder)] == [3, 12, 1000, 1000000000]


def test_real_event_with_a_column_more(trackml_event):
    event = read_event(trackml_event)
    assert (event.number, len(event.hits), len(event.particles)) == (1, 5527, 548)
    assert tuple(event.particles.columns) == COLUMNS["particles"]
    assert event.particles["particle_id"].iloc[0] == 4505867370102784
    assert event.hits.dtypes["hit_id"] == np.int64
    assert_same(read_event(trackml_event / "event000000001-truth.csv.gz"), event)


def expect(path, *parts, hint=""):
    """Reading fails, and the place named has all these parts."""
    with pytest.raises(DataError) as caught:
        read_event(path)
    for part in parts:
        assert part in str(caught.value)
    assert hint in caught.value.hint
    return caught.value


def edit(path: Path, line: int, column: str, value: str) -> None:
    """Set one cell; lines count from 1, the header's."""
    lines = path.read_text().splitlines()
    cells = lines[line - 1].split(",")
    cells[lines[0].split(",").index(column)] = value
    lines[line - 1] = ",".join(cells)
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("value", ["abc", "", "nan", "NaN", "inf", "-inf", "1.2.3", "0x1F", "True"])
@pytest.mark.parametrize(
    ("part", "line", "column"),
    [("hits", 2, "x"), ("hits", 17, "layer_id"), ("truth", 5, "tpz"), ("particles", 9, "q")],
)
def test_a_cell_that_is_no_number(folder, part, line, column, value):
    path = file(folder, part)
    edit(path, line, column, value)
    assert expect(folder).where == f"{path}:{line} ({column})"


@pytest.mark.parametrize("value", ["1.5", "1e300", "99999999999999999999"])
def test_an_id_that_is_no_integer(folder, value):
    edit(file(folder, "truth"), 4, "particle_id", value)
    error = expect(folder, "is not an integer")
    assert error.where == f"{file(folder, 'truth')}:4 (particle_id)"


def test_the_first_of_several_bad_cells_is_named(folder):
    for line in (30, 12, 20):
        edit(file(folder, "hits"), line, "y", "?")
    assert expect(folder, "'?'").where.endswith("hits.csv:12 (y)")


@pytest.mark.parametrize("part", PARTS)
def test_a_missing_column(folder, part):
    path = file(folder, part)
    column = COLUMNS[part][3]
    path.write_text(path.read_text().replace(f",{column},", ",other,", 1))
    error = expect(folder, f"'{column}' is missing", hint=", ".join(COLUMNS[part]))
    assert error.where == f"{path}:1 ({column})"


def test_columns_in_another_order_and_more_of_them(folder, event):
    path = file(folder, "hits")
    frame = pd.read_csv(path, dtype=str)
    frame[["extra", *reversed(frame.columns)]] = frame.assign(extra="text")[
        ["extra", *reversed(frame.columns)]
    ]
    frame[["extra", *reversed(COLUMNS["hits"])]].to_csv(path, index=False)
    assert_same(read_event(folder), event)


def test_a_row_that_is_cut_off(folder):
    path = file(folder, "hits")
    path.write_text("\n".join(path.read_text().splitlines()[:8]) + "\n9,1.0,2.0")
    error = expect(folder, "empty", hint="cut off")
    assert error.where == f"{path}:9 (z)"


def test_a_row_with_too_many_values(folder):
    path = file(folder, "hits")
    lines = path.read_text().splitlines()
    lines[5] += ",1,2"
    path.write_text("\n".join(lines))
    assert expect(folder, "line 6").where == str(path)


def test_rows_that_all_have_too_many_values(folder):
    path = file(folder, "hits")
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], *(f"{line},1" for line in lines[1:])]))
    assert expect(folder, "more values than columns").where.startswith(f"{path}:2")


def test_an_empty_line(folder):
    path = file(folder, "hits")
    path.write_text(path.read_text().replace("\n", "\n\n", 2))
    assert expect(folder, "empty").where == f"{path}:2 (hit_id)"


@pytest.mark.parametrize("part", PARTS)
def test_a_file_without_rows(folder, part):
    path = file(folder, part)
    path.write_text(path.read_text().splitlines()[0] + "\n")
    assert expect(folder, "no rows", hint="empty").where == str(path)


def test_a_file_without_anything(folder):
    file(folder, "truth").write_text("")
    assert expect(folder, "empty").where == str(file(folder, "truth"))


def test_a_binary_file(folder):
    file(folder, "hits").write_bytes(bytes(range(128, 256)) * 10)
    assert expect(folder, "not a CSV table").where == str(file(folder, "hits"))


def test_a_repeated_hit(folder, event):
    hit = event.hits["hit_id"].iloc[3]
    edit(file(folder, "hits"), 12, "hit_id", str(hit))
    error = expect(folder, f"hit_id {hit} is already on line 5")
    assert error.where == f"{file(folder, 'hits')}:12 (hit_id)"


def test_a_repeated_particle(folder, event):
    particle = event.particles["particle_id"].iloc[0]
    edit(file(folder, "particles"), 6, "particle_id", str(particle))
    assert expect(folder, "already on line 2").where.endswith("particles.csv:6 (particle_id)")


def test_truth_of_an_unknown_hit(folder):
    edit(file(folder, "truth"), 7, "hit_id", "999999")
    error = expect(folder, "hit_id 999999 is not in the hits file", hint="same event")
    assert error.where == f"{file(folder, 'truth')}:7 (hit_id)"


def test_a_hit_without_truth(folder):
    path = file(folder, "truth")
    path.write_text("\n".join(path.read_text().splitlines()[:-1]))
    last = len(file(folder, "hits").read_text().splitlines())
    assert expect(folder, "not in the truth file").where.endswith(f"hits.csv:{last} (hit_id)")


def test_truth_of_an_unknown_particle(folder):
    edit(file(folder, "truth"), 3, "particle_id", "424242")
    error = expect(folder, "particle_id 424242 is not in the particles file")
    assert error.where == f"{file(folder, 'truth')}:3 (particle_id)"


def test_a_missing_file(folder):
    file(folder, "truth").unlink()
    error = expect(folder, "event 1000 has no truth file", hint="test set")
    assert error.where == str(folder)


def test_a_missing_place(tmp_path):
    expect(tmp_path / "nowhere", "no such file", hint="event000001000-hits.csv")


def test_a_folder_without_events(tmp_path):
    expect(tmp_path, "no event files", hint="event000001000-hits.csv")


def test_a_file_of_another_name(tmp_path):
    path = tmp_path / "hits.csv"
    path.write_text("hit_id\n1\n")
    expect(path, "not that of an event file", hint="event000001000-hits.csv")


def test_several_events_where_one_is_wanted(folder, event):
    write_event(Event(2, event.hits, event.truth, event.particles), folder)
    expect(folder, "2 events found, not one", hint="read_events")


def test_the_same_event_twice(folder):
    shutil.copytree(folder, folder / "copy")
    expect(folder, "event 1000 occurs twice")


@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: b"plain" + data]
)
def test_a_damaged_gzip_file(folder, damage):
    pack(file(folder, "hits"))
    path = folder / "event000001000-hits.csv.gz"
    path.write_bytes(damage(path.read_bytes()))
    assert expect(folder, "cannot be read", hint="damaged").where == str(path)


def test_gzip_with_a_flipped_byte(folder):
    pack(file(folder, "hits"))
    path = folder / "event000001000-hits.csv.gz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    assert expect(folder, "cannot be read", hint="damaged").where == str(path)


def test_a_damaged_zip_archive(archive):
    archive.write_bytes(archive.read_bytes()[:1000])
    assert expect(archive, "cannot be read", hint="damaged").where == str(archive)


def test_a_damaged_member_of_a_zip_archive(archive):
    data = bytearray(archive.read_bytes())
    data[len(data) // 4] ^= 0xFF
    archive.write_bytes(data)
    assert expect(archive, "cannot be read").where.startswith(f"{archive}!train_100_events/event")


def test_errors_inside_an_archive_name_the_member(tmp_path, folder):
    edit(file(folder, "particles"), 4, "px", "?")
    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for member in folder.iterdir():
            archive.write(member, member.name)
    error = expect(path)
    assert error.where == f"{path}!event000001000-particles.csv:4 (px)"
