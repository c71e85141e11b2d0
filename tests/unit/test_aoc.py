"""Readers of aoc's reports: every version's form, whole and damaged."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.opencl.aoc.javascript import variables
from backends.opencl.aoc.oneapi import OneApiReports
from backends.opencl.aoc.reports import AocReports, estimated_percent
from backends.opencl.aoc.usage import Fit, Loop, Usage
from dse.runtime.report_files import ReportError

KERNEL = {
    "name": "dense",
    "type": "function",
    "children": [
        {"name": "Function overhead", "type": "resource", "data": [100, 200, 3, 0]},
        {"name": "dense.B0", "type": "basicblock", "children": [{"data": [1.5, 2, 0, 4]}]},
    ],
}
AREA = {
    "columns": ["", "ALUTs", "FFs", "RAMs", "DSPs", "Details"],
    "total": [1000, 2000, 30, 4],
    "max_resources": [740500, 1481000, 2336, 1518],
    "children": [{"name": "Board", "type": "partition", "data": [5, 6, 7, 0]}, KERNEL],
}
OLD_AREA = {
    "columns": ["ALUTs", "FFs", "RAMs", "DSPs"],
    "total": [1000, 2000, 30, 4],
    "max_resources": [469440, 938880, 2560, 256],
    "functions": [{"name": "dense", "compute_units": 1, "resources": [{"data": [9, 8, 7, 6]}]}],
}
LOOPS = {
    "columns": ["", "Pipelined", "II", "Bottleneck", "Details"],
    "children": [
        {
            "name": "Kernel: dense's",
            "data": ["", "", ""],
            "children": [
                {"name": "B1", "data": ["Yes", "~2", "n/a"]},
                {"name": "B2", "data": ["Yes", "52628672", ""], "children": [
                    {"name": "B3", "data": ["No", "n/a", "n/a"]},
                ]},
            ],
        }
    ],
}  # fmt: skip
INFO = {"rows": [{"name": "AOC Version", "data": ["18.1.0 Build 625"]}]}
NEW_INFO = {"compileInfo": {"nodes": [{"version": "20.4.0", "family": "Arria 10", "command": "c"}]}}
QUARTUS = {
    "quartusFitClockSummary": {"nodes": [{"kernel clock fmax": "225.27"}]},
    "quartusFitResourceUsageSummary": {
        "nodes": [
            {"type": "system", "reg": "1", "ram": "1", "dsp": "1"},
            {"type": "aclsystem", "reg": "146,217", "ram": "1,319", "dsp": "14", "alm": "84,229"},
        ]
    },
}
TEXT = """ALUTs: 107051
Registers: 124,820
Logic utilization: 82,696 / 427,200 ( 19 % )
DSP blocks: 1 / 1,518 ( < 1 % )
RAM blocks: 343 / 2,713 ( 13 % )
Actual clock freq: 234
Kernel fmax: 234.85
"""


def bare(**trees: Any) -> str:
    """As aoc 20 writes it: not quite JSON."""
    texts = {name: json.dumps(tree).replace("'", "\\'") for name, tree in trees.items()}
    return "\n".join(f"var {name}JSON={text};" for name, text in texts.items())


def quoted(**trees: Any) -> str:
    """As aoc 17 and 18 write it."""
    texts = {n: json.dumps(t).replace("\\", "\\\\").replace("'", "\\'") for n, t in trees.items()}
    return "\n".join(f"var {name}JSON='{text}';" for name, text in texts.items())


def old(**trees: Any) -> str:
    """As aoc 16 writes it."""
    first, *rest = (f"{name}JSON={json.dumps(tree, indent=1)}" for name, tree in trees.items())
    return f"var {first}\n" + "".join(f";var {text}\n" for text in rest)


def folder_of(folder: Path, text: str) -> AocReports:
    (folder / "reports" / "lib").mkdir(parents=True, exist_ok=True)
    (folder / "reports" / "lib" / "report_data.js").write_text(text)
    return AocReports(folder)


def json_files(folder: Path, **trees: Any) -> AocReports:
    place = folder / "reports" / "lib" / "json"
    place.mkdir(parents=True, exist_ok=True)
    for name, tree in trees.items():
        (place / f"{name}.json").write_text(tree if isinstance(tree, str) else json.dumps(tree))
    return AocReports(folder)


@pytest.mark.parametrize("form", [bare, quoted, old])
def test_every_form_of_the_script(tmp_path: Path, form: Any) -> None:
    reports = folder_of(tmp_path, form(area=AREA, loops=LOOPS))
    area = reports.area()
    assert area is not None
    assert area.total == Usage(1000, 2000, 30, 4)
    assert area.kernels == {"dense": Usage(101.5, 202, 3, 4)}
    assert reports.loops() == [
        Loop("B1", True, 2, "~"),
        Loop("B2", True, 52628672),
        Loop("B3", False, None),
    ]
    assert reports.info() is None
    assert reports.fit() is None


def test_the_oldest_layout(tmp_path: Path) -> None:
    area = folder_of(tmp_path, old(area=OLD_AREA)).area()
    assert area is not None
    assert area.kernels == {"dense": Usage(9, 8, 7, 6)}


def test_versions_and_targets(tmp_path: Path) -> None:
    old_info = json_files(tmp_path / "a", info=INFO).info()
    new_info = json_files(tmp_path / "b", info=NEW_INFO).info()
    assert old_info is not None
    assert new_info is not None
    assert (old_info.version, old_info.target) == ("18.1.0 Build 625", "")
    assert (new_info.version, new_info.target, new_info.command) == ("20.4.0", "Arria 10", "c")


def test_a_fit_in_both_forms(tmp_path: Path) -> None:
    assert json_files(tmp_path / "a", quartus=QUARTUS).fit() == Fit(
        Usage(None, 146217, 1319, 14), 225.27
    )
    before = json.loads(json.dumps(QUARTUS).replace("225.27", "TBD"))
    assert json_files(tmp_path / "b", quartus=before).fit() is None
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "acl_quartus_report.txt").write_text(TEXT)
    assert AocReports(tmp_path / "c").fit() == Fit(Usage(107051, 124820, 343, 1), 234.85)


def test_the_printed_summary(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text("; Logic utilization     ;  172%     ;\n; DSP blocks   ; 16%  ;\n")
    assert estimated_percent(file) == {"Logic utilization": 172, "DSP blocks": 16}
    file.write_text("nothing\n")
    with pytest.raises(ReportError, match="no Estimated Resource"):
        estimated_percent(file)


@pytest.mark.parametrize(
    ("field", "says"), [("total", "total is missing"), ("columns", "columns is missing")]
)
def test_what_is_missing_is_named(tmp_path: Path, field: str, says: str) -> None:
    tree = {key: value for key, value in AREA.items() if key != field}
    with pytest.raises(ReportError, match=says) as caught:
        json_files(tmp_path, area=tree).area()
    assert "area.json" in caught.value.where


@pytest.mark.parametrize("count", ["TBD", -1, None, True, "1e9", [1]])
def test_what_is_no_count_is_no_zero(tmp_path: Path, count: Any) -> None:
    with pytest.raises(ReportError, match="not a count"):
        json_files(tmp_path, area={**AREA, "total": [count, 2000, 30, 4]}).area()


def test_a_row_with_too_many_counts_is_damaged(tmp_path: Path) -> None:
    """A comma for a point would shift all counts behind it to the wrong column."""
    with pytest.raises(ReportError, match="total has 5 counts for 4 columns"):
        folder_of(tmp_path, bare(area=AREA | {"total": [1000, 2, 5, 30, 4]})).area()


def test_an_empty_folder_has_no_reports(tmp_path: Path) -> None:
    reports = AocReports(tmp_path)
    assert (reports.area(), reports.loops(), reports.info(), reports.fit()) == (
        None,
        [],
        None,
        None,
    )


def test_a_script_without_values(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="no variable"):
        variables(tmp_path, "alert(1)")


FILES = {
    "report_data.js": quoted(area=AREA, loops=LOOPS, info=INFO, quartus=QUARTUS),
    "new.js": bare(area=AREA, loops=LOOPS, info=NEW_INFO, quartus=QUARTUS),
    "acl_quartus_report.txt": TEXT,
}


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), name=st.sampled_from(sorted(FILES)))
def test_damage_gives_the_typed_error_or_a_report(tmp_path: Path, data: Any, name: str) -> None:
    raw = FILES[name].encode()
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(start + 60, len(raw))))
    damaged = raw[:start] + data.draw(st.binary(max_size=8)) + raw[end:]
    lib = tmp_path / "reports" / "lib"
    lib.mkdir(parents=True, exist_ok=True)
    text = name.endswith("txt")
    target = tmp_path / name if text else lib / "report_data.js"
    target.write_bytes(damaged)
    reports = AocReports(tmp_path)
    for read in (reports.area, reports.loops, reports.info, reports.fit):
        with contextlib.suppress(ReportError):
            read()
    target.unlink()


def replaced(tree: Any, path: list[int], value: Any) -> Any:
    """The tree with one value, found by positions, replaced."""
    if not path or not isinstance(tree, (dict, list)) or not tree:
        return value
    keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
    key = keys[path[0] % len(keys)]
    copy: Any = dict(tree) if isinstance(tree, dict) else list(tree)
    copy[key] = replaced(tree[key], path[1:], value)
    return copy


TREES = {"area": AREA, "loops": LOOPS, "info": INFO, "quartus": QUARTUS}


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted(TREES)),
    path=st.lists(st.integers(0, 5), max_size=5),
    value=st.sampled_from([None, 0, "x", [], {}, [None], {"name": None}, True]),
)
def test_values_of_another_kind_give_the_typed_error(
    tmp_path: Path, name: str, path: list[int], value: Any
) -> None:
    reports = json_files(tmp_path, **{**TREES, name: replaced(TREES[name], path, value)})
    for read in (reports.area, reports.loops, reports.info, reports.fit):
        with contextlib.suppress(ReportError):
            read()


SUMMARY = [
    {"name": "Kernel Summary", "summary_type": "performanceSummary", "columns": ["Kernel Name"]},
    {"name": "k", "parent": "performanceSummary", "data": ["Single work-item"]},
    {
        "name": "Estimated Resource Usage",
        "summary_type": "estimatedResources",
        "columns": ["Kernel Name", "ALUTs ", "FFs  ", "RAMs ", "DSPs ", "MLABs", "Frac. DSPs"],
    },
    {"name": "k", "parent": "estimatedResources", "data": [1, 2, 3, 4, 5, 0]},
    {"name": "Total", "parent": "estimatedResources", "data": [10, 20, 30, 40, 50, 0]},
    {"name": "Available", "parent": "estimatedResources", "data": ["9", "8", "7", "400", "5"]},
]  # fmt: skip


def ndjson(folder: Path, name: str, lines: list[Any]) -> OneApiReports:
    (folder / f"{name}.ndjson").write_text("\n".join(map(json.dumps, lines)))
    return OneApiReports(folder)


def test_a_line_an_object(tmp_path: Path) -> None:
    assert not OneApiReports(tmp_path).exists
    reports = ndjson(tmp_path, "summary", SUMMARY)
    area = reports.area()
    assert reports.exists
    assert area is not None
    assert area.total == Usage(10, 20, 30, 40, 50)
    assert area.available.dsp_block == 400
    assert area.kernels == {"k": Usage(1, 2, 3, 4, 5)}
    assert (reports.loops(), reports.info(), reports.fit()) == ([], None, None)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (SUMMARY[:4], "Total is missing"),
        (SUMMARY[:2], "estimatedResources has no columns"),
        ([*SUMMARY, 5], "line 7 is not a JSON object"),
        ([*SUMMARY[:4], {**SUMMARY[4], "data": ["x"] * 5}, SUMMARY[5]], "not a count"),
    ],
)
def test_damaged_lines_are_named(tmp_path: Path, lines: list[Any], says: str) -> None:
    with pytest.raises(ReportError, match=says):
        ndjson(tmp_path, "summary", lines).area()
