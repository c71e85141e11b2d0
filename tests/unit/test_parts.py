"""The table of parts, and what designs take of another part."""

from pathlib import Path

import pytest
from dse.analysis.what_if import on_part

from dse.analysis.utilisation import EXTRA, capacity, known_parts, part_problem
from dse.contracts.errors import DataError, UsageError
from dse.contracts.metrics import Fidelity
from dse.store.queries import StoredMetric, StoredPoint

COLUMNS = "device,lut,ff,dsp,bram_18k,uram,source"


def metric(name: str, value: float, unit: str = "", backend: str = "open") -> StoredMetric:
    return StoredMetric(
        name, value, unit, "minimise", Fidelity.RTL, None, None, backend, "tool 1", 1
    )


def test_every_part_has_a_source_and_plausible_counts() -> None:
    for name, part in known_parts().items():
        assert part.source, name
        assert part.ff == 2 * part.lut, name  # of every AMD device since the 7 series
        assert 0 < part.dsp < part.lut


@pytest.mark.parametrize(
    ("name", "dsp"),
    [("xcku115-flvb2104-2-i", 5520), ("XCVU9P", 6840), ("xczu49dr-ffvf1760-2-e", 4272)],
)
def test_full_names_and_devices(name: str, dsp: int) -> None:
    assert capacity(name).dsp == dsp


def test_an_unknown_part_lists_the_known_and_the_way_to_add() -> None:
    assert "xcku115" in part_problem("xcku116")
    assert EXTRA in part_problem("xcku116")


def test_users_parts_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "parts.csv"
    file.write_text(f"{COLUMNS}\nmine,100,200,10,4,0,me\nxcvu9p,1,2,3,4,5,me\n")
    monkeypatch.setenv(EXTRA, str(file))
    assert capacity("mine-1").lut == 100
    assert capacity("xcvu9p-flga2104-2L-e").lut == 1
    assert capacity("xcku115").lut == 663_360


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("device,lut\nmine,1\n", ":1", "no column 'ff'"),
        (f"{COLUMNS}\nmine,1,2,many,4,0,me\n", ":2 (dsp)", "'many' is no count"),
        (f"{COLUMNS}\nmine,1,2\n", ":2 (dsp)", "None is no count"),
    ],
)
def test_mistakes_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, where: str, says: str
) -> None:
    file = tmp_path / "parts.csv"
    file.write_text(text)
    monkeypatch.setenv(EXTRA, str(file))
    with pytest.raises(DataError, match=says) as caught:
        capacity("mine")
    assert caught.value.where == f"{file}{where}"


def test_a_missing_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EXTRA, "nowhere.csv")
    with pytest.raises(DataError, match="cannot be read"):
        capacity("xcku115")


def test_shares_of_another_part_come_from_the_counts() -> None:
    point = StoredPoint(
        "s",
        0,
        {},
        (
            metric("dsp", 684),
            metric("dsp_pct", 12.4, "%"),
            metric("bram_18k_pct", 50, "%"),  # its count was not stored: no share is made up
            metric("lut", 591_120, backend="vitis"),
            metric("latency_ns", 500, "ns"),
        ),
    )
    (found,) = on_part([point], "xcvu9p")
    shares = {(m.backend, m.name): m.value for m in found.metrics if m.unit == "%"}
    assert shares == {("open", "dsp_pct"): 10.0, ("vitis", "lut_pct"): 50.0}
    assert {m.tool for m in found.metrics} == {"tool 1"}
    assert "latency_ns" in {m.name for m in found.metrics}


def test_of_an_unknown_part_nothing_is_said() -> None:
    with pytest.raises(UsageError, match="capacity not known"):
        on_part([], "xcnone")
