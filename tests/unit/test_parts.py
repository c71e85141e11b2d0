"""The table of parts, and what designs take of a part."""

from pathlib import Path
from typing import Any

import pytest

from dse.analysis.utilisation import (
    EXTRA,
    capacity,
    capacity_of_evaluation,
    capacity_of_part,
    known_parts,
    part_problem,
    share_factor,
    without_shares,
)
from dse.contracts.errors import DataError, UsageError
from dse.contracts.metrics import CATALOGUE

COLUMNS = "device,lut,ff,dsp,bram_18k,uram,source"


def test_every_part_has_a_source_and_plausible_counts() -> None:
    for name, part in known_parts().items():
        assert part.source, name
        # flip-flops by look-up table: 2 of AMD since the 7 series; 6 by 8 in a block of Gowin
        # before Arora V; 1 of Lattice and Arora V
        ratio = 2 if name.startswith("xc") else 0.75 if name.startswith(("gw1n", "gw2a")) else 1
        assert part.counts["ff"] == ratio * part.counts["lut"], name
        assert 0 <= part.counts["dsp"] < part.counts["lut"]


@pytest.mark.parametrize(
    ("name", "dsp"),
    [
        ("LFE5U-85F-8BG381C", 156),
        ("xcku115-flvb2104-2-i", 5520),
        ("XCVU9P", 6840),
        ("GW2AR-LV18QN88C8/I7", 48),
        ("LIFCL-40-9BG400C", 56),
        ("xczu49dr-ffvf1760-2-e", 4272),
    ],
)
def test_full_names_and_devices(name: str, dsp: int) -> None:
    assert capacity(name).counts["dsp"] == dsp


def test_an_unknown_part_lists_the_known_and_the_way_to_add() -> None:
    assert "xcku115" in part_problem("xcku116")
    assert EXTRA in part_problem("xcku116")


def test_users_parts_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "parts.csv"
    file.write_text(f"{COLUMNS}\nmine,100,200,10,4,0,me\nxcvu9p,1,2,3,4,5,me\n")
    monkeypatch.setenv(EXTRA, str(file))
    assert capacity("mine-1").counts["lut"] == 100
    assert capacity("xcvu9p-flga2104-2L-e").counts["lut"] == 1
    assert capacity("xcku115").counts["lut"] == 663_360


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


def test_a_table_may_have_columns_of_other_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "parts.csv"
    head = COLUMNS.replace("source", "alut,notes,source")
    file.write_text(f"{head}\nintel,0,0,0,0,0,854400,fast,me\namd,1,2,3,4,5,,slow,me\n")
    monkeypatch.setenv(EXTRA, str(file))
    assert capacity("intel").counts["alut"] == 854_400
    assert capacity("amd").counts.keys() == {"lut", "ff", "dsp", "bram_18k", "uram"}


@pytest.mark.parametrize(
    ("part", "available", "percent"),
    [
        ("xcvu9p", {}, 50),
        ("xcvu9p", {"lut": 100}, 50),  # the table comes first, so it can be corrected
        ("xcnone", {"lut": 1_182_240}, 50),
        ("", {"lut": 1_182_240}, 50),
        ("xcnone", {}, None),
        ("", {"ff": 3}, None),
    ],
)
def test_the_share_of_a_count(part: str, available: dict[str, float], percent: Any) -> None:
    factor = share_factor("lut", capacity_of_evaluation(part, available))
    assert percent == (None if factor is None else pytest.approx(591_120 * factor))


def test_what_a_part_has_none_of_has_no_share() -> None:
    assert share_factor("uram", capacity("xcku115")) is None
    assert share_factor("latency_ns", capacity("xcku115")) is None


def test_every_count_of_the_table_has_a_share_in_the_catalogue() -> None:
    for name in ("lut", "ff", "dsp", "bram_18k"):
        assert CATALOGUE[f"{name}_pct"].unit == "%"
        assert CATALOGUE[f"{name}_pct"].direction == CATALOGUE[name].direction
        assert CATALOGUE[name].capacity in capacity("xcku115").counts


def test_stored_shares_of_older_versions_are_known_by_their_count() -> None:
    assert without_shares(["lut", "lut_pct", "dsp_pct"]) == {"lut", "dsp_pct"}


def test_a_part_nobody_knows_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="capacity not known") as caught:
        capacity_of_part("xcnone")
    assert caught.value.where == "--part xcnone"
