"""Damaged reports end in typed errors: no traceback, and no wrong number for one that is no number.

A few hundred mutations run with the unit tests, ten thousand with the slow ones.
"""

import json
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from report_texts import (
    AREA,
    FIT_SUMMARY,
    LOOP_ATTRIBUTES,
    LOOPS,
    ONEAPI_PARSED,
    QUARTUS_TEXT,
    STA_SUMMARY,
    SUMMARY,
    cosim_rpt,
    csynth_rpt,
    csynth_xml,
    export_rpt,
    hls_log,
    parsed_json,
    summary_rpt,
    timing,
    utilisation,
    write,
)

from backends.hls4ml.vendor.backend import VitisBackend, VivadoBackend
from backends.opencl.aoc.backend import AocBackend
from dse.contracts.errors import DseError
from dse.contracts.offline import OfflineBackend
from dse.engine.importing import ImportedResult
from dse.engine.report_trees import PathHints, results, unused_files

VITIS, AOC = VitisBackend(), AocBackend()
BACKENDS: tuple[OfflineBackend, ...] = (AOC, VITIS, VivadoBackend())
JSON = "reports/lib/json"
VSYNTH = {"LUT": "1526", "FF": "2428", "BRAM_18K": "2.5", "DSP48E": "66", "URAM": "3"}
DESIGNS: dict[str, tuple[OfflineBackend, dict[str, str]]] = {
    "project": (
        VITIS,
        {
            "myproject_prj/solution1/syn/report/myproject_csynth.xml": csynth_xml(),
            "myproject_prj/solution1/sim/report/myproject_cosim.rpt": cosim_rpt(),
            "vivado_synth.rpt": utilisation(),
            "vsynth_timing.rpt": timing(),
            "vitis_hls.log": hls_log(),
            "hls4ml_config.yml": "Backend: Vitis\nClockPeriod: 5\nPart: xcku115-flvb2104-2-i\n",
        },
    ),
    "own name": (VITIS, {"model_rf4.rpt": csynth_rpt(), "impl.rpt": utilisation(state="Routed")}),
    "summary": (VITIS, {"csynth.rpt": summary_rpt()}),
    "parsed": (VITIS, {"report.json": parsed_json(VivadoSynthReport=VSYNTH)}),
    "export": (VITIS, {"myproject_export.rpt": export_rpt()}),
    "aoc": (
        AOC,
        {
            f"{JSON}/area.json": json.dumps(AREA),
            f"{JSON}/loops.json": json.dumps(LOOPS),
            "acl_quartus_report.txt": QUARTUS_TEXT,
        },
    ),
    "aoc summary": (
        AOC,
        {
            f"{JSON}/summary.json": json.dumps(SUMMARY),
            f"{JSON}/loop_attr.json": json.dumps(LOOP_ATTRIBUTES),
        },
    ),
    "quartus": (AOC, {"top.fit.summary": FIT_SUMMARY, "top.sta.summary": STA_SUMMARY}),
    "oneapi": (AOC, {"oneapi.json": json.dumps(ONEAPI_PARSED)}),
}
NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?(?![\w.])")
NO_NUMBERS = (
    "abc",
    "",
    "12a",
    "1e3",
    "0x1F",
    "NaN",
    "inf",
    "--",
    "1.2.3",
    "1,2",
    "\u0661\u0662",
    "~",
)


def drop_lines(text: str, at: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    start = at.randrange(len(lines))
    return "".join(lines[:start] + lines[start + at.randint(1, 4) :])


def repeat_lines(text: str, at: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    start = at.randrange(len(lines))
    return "".join(lines[:start] + lines[start : start + 3] * 2 + lines[start + 3 :])


def cut(text: str, at: random.Random) -> str:
    return text[: at.randrange(len(text))]


def scramble(text: str, at: random.Random) -> str:
    start = at.randrange(len(text))
    noise = "".join(chr(at.choice([0, 9, 10, 34, 60, 92, 124, 255, 0x2028])) for _ in range(5))
    return text[:start] + noise + text[start + at.randrange(40) :]


def swap(text: str, at: random.Random) -> str:
    first, second = sorted(at.randrange(len(text)) for _ in range(2))
    return text[second:] + text[first:second] + text[:first]


MUTATIONS: tuple[Callable[[str, random.Random], str], ...] = (
    drop_lines,
    repeat_lines,
    cut,
    scramble,
    swap,
)


def no_number(text: str, at: random.Random) -> str:
    """Replace one number of a report by something that is none."""
    found = at.choice(list(NUMBER.finditer(text)))
    other = at.choice(NO_NUMBERS)
    if text.lstrip().startswith("{") and at.random() < 0.8:  # so that the JSON stays whole
        quoted = text[found.start() - 1] == '"'
        other = other if quoted else json.dumps(other)
    return text[: found.start()] + other + text[found.end() :]


def read(folder: Path, backend: OfflineBackend, texts: dict[str, str]) -> dict[str, float] | None:
    """Import a folder; return its metrics by name and fidelity, None for a typed failure."""
    for name, text in texts.items():
        write(folder, name, text)
    try:
        found = list(results(BACKENDS, PathHints(folder)))
        unused_files(BACKENDS, found, folder)
    except DseError:
        return None
    finally:
        shutil.rmtree(folder)
    taken = [entry.evaluation for entry in found if isinstance(entry, ImportedResult)]
    assert len(taken) <= len(texts)
    own = [one.outcome.metrics for one in taken if one.job.backend == backend.name]
    return {f"{m.name} {m.fidelity}": m.value for metrics in own for m in metrics} or None


def mutate_all(tmp_path: Path, count: int, seed: int) -> int:
    """Mutate reports; return how many mutations of a number were noticed."""
    at, noticed = random.Random(seed), 0
    whole = {name: read(tmp_path / "whole", *DESIGNS[name]) for name in DESIGNS}
    assert all(whole.values())
    for number in range(count):
        design = at.choice(list(DESIGNS))
        backend, texts = DESIGNS[design]
        file = at.choice(list(texts))
        is_number = at.random() < 0.5 and NUMBER.search(texts[file]) is not None
        change = no_number if is_number else at.choice(MUTATIONS)
        damaged = texts | {file: change(texts[file], at)}
        found = read(tmp_path / str(number), backend, damaged)
        if is_number:
            noticed += found != whole[design]
            wrong = {
                name: value
                for name, value in (found or {}).items()
                if value != (whole[design] or {}).get(name, value)
            }
            assert not wrong, (design, file, damaged[file])
    return noticed


def test_a_few_hundred_mutations(tmp_path: Path) -> None:
    assert mutate_all(tmp_path, 300, seed=1) > 30


@pytest.mark.slow
def test_ten_thousand_mutations(tmp_path: Path) -> None:
    assert mutate_all(tmp_path, 10_000, seed=2) > 1000
