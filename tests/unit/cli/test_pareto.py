"""`dse pareto`: the right points, in every format, of one fidelity."""

import io
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from dse.analysis.columns import Column
from dse.analysis.comparison import Cell, Comparison, Front, Row
from dse.cli.front_table import print_table
from dse.contracts.metrics import CATALOGUE, Fidelity, Metric

N = 40
LARGER_IS_BETTER = {"auc"}


def numbers(value: int) -> dict[str, float]:
    """Metrics of a point, with many equal numbers among the points."""
    draw = random.Random(value)
    lut = draw.randint(1, 8)
    return {
        "auc": (50 + lut + draw.randint(0, 3)) / 100,
        "latency_ns": float(draw.randint(1, 8)),
        "lut": float(lut),
    }


def metrics(value: int) -> list[Metric]:
    return [Metric.of(name, x, Fidelity.ESTIMATE) for name, x in numbers(value).items()]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the database that `study` makes, for the tests after the first."""
    return tmp_path_factory.mktemp("kept") / "results.db"


@pytest.fixture
def study(run: Any, write: Any, gives: Any, kept: Path, tmp_path: Path) -> None:
    """Forty points with three metrics each; the number of a point is its `value`."""
    if kept.exists():
        shutil.copy(kept, tmp_path)
        return
    gives(metrics)
    file = write(space={"value": {"range": {"start": 0, "stop": N - 1}}}, objectives=["auc", "lut"])
    assert run(file).code == 0
    shutil.copy(tmp_path / "results.db", kept)


def front(names: list[str], candidates: list[int]) -> set[int]:
    """The non-dominated points, by comparing each with each."""
    costs = {}
    for point in candidates:
        values = numbers(point)
        costs[point] = [-values[n] if n in LARGER_IS_BETTER else values[n] for n in names]

    def beats(a: list[float], b: list[float]) -> bool:
        return a != b and all(x <= y for x, y in zip(a, b, strict=True))

    return {p for p in candidates if not any(beats(costs[q], costs[p]) for q in candidates)}


@pytest.mark.usefixtures("study")
@pytest.mark.parametrize(
    "names", [["auc"], ["lut"], ["auc", "latency_ns"], ["lut", "auc"], ["auc", "latency_ns", "lut"]]
)
def test_the_front_is_the_one_found_by_comparing_all_points(dse: Any, names: list[str]) -> None:
    found = dse("pareto", "--metric", ",".join(names), "--format", "json").json
    points = [row["point"] for row in found]
    assert len(points) == len(set(points))
    assert set(points) == front(names, list(range(N)))


@pytest.mark.usefixtures("study")
def test_the_best_of_the_first_metric_comes_first(dse: Any) -> None:
    by_auc = dse("pareto", "--metric", "auc,lut", "--format", "json").json
    by_lut = dse("pareto", "--metric", "lut,auc", "--format", "json").json
    assert len(by_auc) > 1
    assert [row["auc"] for row in by_auc] == sorted((row["auc"] for row in by_auc), reverse=True)
    assert [row["lut"] for row in by_lut] == sorted(row["lut"] for row in by_lut)


@pytest.mark.usefixtures("study")
def test_without_a_metric_the_objectives_count(dse: Any) -> None:
    asked = dse("pareto", "--metric", "auc,lut", "--format", "csv")
    assert dse("pareto", "--format", "csv").out == asked.out


@pytest.mark.usefixtures("study")
def test_all_formats_hold_the_same(dse: Any) -> None:
    table = dse("pareto").cells
    rows = dse("pareto", "--format", "csv").rows
    records = dse("pareto", "--format", "json").json
    assert [{k: str(v) if v is not None else "" for k, v in r.items()} for r in records] == rows
    shown = [
        [r["point"], r["value"], f"{float(r['auc']):.4f}", f"{float(r['lut']):g}"] for r in rows
    ]
    assert table == shown


@pytest.mark.usefixtures("study")
def test_every_number_comes_with_its_origin(dse: Any) -> None:
    row = dse("pareto", "--format", "json").json[0]
    assert row["auc"] == numbers(row["value"])["auc"]
    assert row["auc_backend"] == "noop"
    assert row["auc_fidelity"] == "estimate"
    assert row["auc_tool"] == "noop 1"


@pytest.mark.usefixtures("study")
@pytest.mark.parametrize("option", ["--where", "--constraint"])
@pytest.mark.parametrize(
    ("condition", "meets"),
    [
        ("value < 10", lambda v: v < 10),
        ("value in [1, 5, 7]", lambda v: v in {1, 5, 7}),
        ("lut <= 4 and auc > 0.52", lambda v: numbers(v)["lut"] <= 4 and numbers(v)["auc"] > 0.52),
        ("noop_lut > latency_ns", lambda v: numbers(v)["lut"] > numbers(v)["latency_ns"]),
        ("not value % 2", lambda v: v % 2 == 0),
    ],
)
def test_conditions_choose_the_candidates(
    dse: Any, option: str, condition: str, meets: Any
) -> None:
    found = dse("pareto", option, condition, "--format", "json").json
    candidates = [value for value in range(N) if meets(value)]
    assert {row["point"] for row in found} == front(["auc", "lut"], candidates)


@pytest.mark.usefixtures("study")
def test_all_conditions_hold_together(dse: Any) -> None:
    options = ["--where", "value >= 10", "--where", "value < 30", "--constraint", "lut > 2"]
    found = dse("pareto", *options, "--format", "json").json
    candidates = [v for v in range(10, 30) if numbers(v)["lut"] > 2]
    assert {row["point"] for row in found} == front(["auc", "lut"], candidates)


@pytest.mark.usefixtures("study")
@pytest.mark.parametrize("option", ["--where", "--constraint"])
@pytest.mark.parametrize(
    ("condition", "says"),
    [
        ("value <", "cannot be read"),
        ("", "cannot be read"),
        ("value = 3", "hint: use =="),
        ("effective=foo", "hint: legal: effective=requested and effective!=requested"),
        ("value ** value ** 900 > 1", "cannot be computed: a power is too large"),
        ("__import__('os').getpid()", "not allowed"),
        ("valu < 3", "did you mean 'value'?"),
        ("lutt < 3", "did you mean 'lut'?"),
        ("value < 'three'", "'three' is not a number"),
        ("value > 1000", "no point is left"),
        ("value", "not true or false"),
        ("value + 1", "not true or false"),
        ("'no'", "not true or false"),
    ],
)
def test_a_condition_that_makes_no_sense(dse: Any, option: str, condition: str, says: str) -> None:
    answer = dse("pareto", option, condition)
    assert (answer.code, answer.out) == (2, "")
    left = "no point is left" in says
    assert answer.err.startswith("dse: error: " if left else f"dse: error: {option} ")
    assert says in answer.err
    assert answer.err.count(repr(condition)) == (0 if left else 1)


@pytest.mark.usefixtures("study")
@pytest.mark.parametrize(
    ("names", "says"),
    [
        ("", "empty"),
        (",", "empty"),
        ("auc,", "empty"),
        ("auc,lut,auc", "twice"),
        ("auc,noop.auc", "twice"),
        ("lute", "did you mean 'lut'?"),
        ("dsp", "no point has the metric 'dsp'"),
        ("auc,lute", "'lute'"),
        ("cpu.auc", "'cpu.auc'"),
        ("value", "no point has the metric 'value'"),
    ],
)
def test_an_unknown_metric_is_named(dse: Any, names: str, says: str) -> None:
    answer = dse("pareto", "--metric", names)
    assert (answer.code, answer.out) == (2, "")
    assert says in answer.err
    assert "(study 's')" in answer.err
    assert "latency" in answer.err.partition("hint: ")[2] or says == "twice"


@pytest.mark.usefixtures("study")
def test_a_metric_of_a_backend_and_a_short_name(dse: Any) -> None:
    plain = dse("pareto", "--metric", "auc,latency_ns", "--format", "csv").out
    assert dse("pareto", "--metric", "noop.auc, noop.latency_ns", "--format", "csv").out == plain
    assert dse("pareto", "--metric", "auc,latency", "--format", "csv").out == plain


@pytest.mark.usefixtures("study")
def test_a_repeated_option_adds_a_metric(dse: Any) -> None:
    together = dse("pareto", "--metric", "lut,auc", "--format", "csv")
    assert (
        dse("pareto", "--metric", "lut", "--metric", "auc", "--format", "csv").out == together.out
    )


def test_without_objectives_a_metric_is_needed(run: Any, write: Any, dse: Any) -> None:
    run(write(objectives=[]))
    answer = dse("pareto")
    assert (answer.code, answer.out) == (2, "")
    assert "--metric" in answer.err
    assert dse("pareto", "--metric", "latency_ns").code == 0


def test_the_direction_of_the_study_holds(run: Any, write: Any, dse: Any) -> None:
    run(write(objectives=[{"metric": "latency_ns", "direction": "maximise"}]))
    assert [row["value"] for row in dse("pareto", "--format", "json").json] == [3]


def test_an_unknown_study_names_the_nearest(run: Any, write: Any, dse: Any) -> None:
    run(write(name="bitwidth"))
    answer = dse("pareto", "--study", "bitwith")
    assert (answer.code, answer.out) == (5, "")
    assert "did you mean 'bitwidth'?" in answer.err


def test_the_last_run_is_shown_unless_a_study_is_named(run: Any, write: Any, dse: Any) -> None:
    run(write("a.yaml", name="a", space={"value": [7]}))
    run(write("b.yaml", name="b", space={"value": [8]}))
    run("a.yaml")
    assert [row["value"] for row in dse("pareto", "--format", "json").json] == [7]
    named = dse("pareto", "--study", "b", "--format", "json").json
    assert [row["value"] for row in named] == [8]


def test_points_without_numbers_are_left_out_and_counted(run: Any, dse: Any, gives: Any) -> None:
    def only_two_have_luts(value: int) -> list[Metric]:
        return metrics(value) if value > 1 else metrics(value)[:2]

    gives(only_two_have_luts)
    run()
    answer = dse("pareto", "--metric", "auc,lut")
    assert answer.code == 0
    assert "1 points lack one of the metrics" in answer.out
    assert {row[1] for row in answer.cells} <= {"2", "3"}


def test_when_everything_failed_the_message_says_so(run: Any, write: Any, dse: Any) -> None:
    run(write(backends=[{"name": "noop", "behaviour": "fail"}]))
    answer = dse("pareto")
    assert (answer.code, answer.out) == (2, "")
    assert "failed" in answer.err


def test_a_front_never_mixes_fidelities(run: Any, dse: Any, gives: Any) -> None:
    fidelity = {1: Fidelity.ESTIMATE, 2: Fidelity.CSYNTH, 3: Fidelity.CSYNTH}
    gives(lambda v: [Metric.of("lut", v, fidelity[v]), Metric.of("auc", v / 10, fidelity[v])])
    run()
    answer = dse("pareto", "--metric", "lut,auc")
    assert answer.code == 2
    assert "noop.lut.estimate (estimate, 1 point)" in answer.said
    assert "noop.lut.csynth (csynth, 2 points)" in answer.said
    names = "noop.lut.csynth,noop.auc.csynth"
    found = dse("pareto", "--metric", names, "--format", "json").json
    assert {fidelity[row["value"]] for row in found} == {Fidelity.CSYNTH}
    assert {row["value"] for row in found} == {2, 3}


@pytest.mark.parametrize(("spread", "tied"), [(0.2, True), (1e-4, False)])
def test_points_within_the_noise_of_the_best_are_marked(
    run: Any, dse: Any, gives: Any, spread: float, tied: bool
) -> None:
    def uncertain(value: int) -> list[Metric]:
        noise = np.random.default_rng(value).normal(0, spread, 200)
        auc = 0.8 + value / 100
        exact = Metric.of("latency_ns", value, Fidelity.ESTIMATE)
        return [Metric.of("auc", auc, Fidelity.ESTIMATE, replicas=auc + noise), exact]

    gives(uncertain)
    run()
    table = dse("pareto", "--metric", "auc,latency_ns").cells
    assert [row[1] for row in table] == ["3", "2", "1"]
    assert [row[2].startswith("~") for row in table] == [False, tied, tied]


def test_a_piped_table_keeps_every_number_whole(run: Any, dse: Any, gives: Any) -> None:
    def everything(value: int) -> list[Metric]:
        return [
            Metric.of(name, 1e6 * value, Fidelity.ESTIMATE, low=9e5 * value, high=2e6 * value)
            for name in CATALOGUE
        ]

    gives(everything)
    run(None, "--set", "space.value=[1]")
    answer = dse("pareto", "--metric", ",".join(CATALOGUE))
    assert "…" not in answer.out
    assert answer.out.count("1,000,000 [900,000, 2,000,000]") == len(CATALOGUE)


def test_what_never_varies_is_said_once(run: Any, write: Any, dse: Any) -> None:
    run(write(backends=[{"name": "noop", "behaviour": "ok"}], space={"value": [1, 2]}))
    heads = dse("pareto", "--metric", "latency_ns").out
    assert "behaviour" not in heads.partition("┏")[2].partition("┡")[0]


def test_limits_of_the_study_hold_unless_they_are_switched_off(
    run: Any, write: Any, dse: Any, gives: Any
) -> None:
    gives(metrics)
    limits = {"auc": {"min": 0.55}, "noop.lut": {"max": 6}, "dsp": {"max": 3}}
    space = {"value": {"range": {"start": 0, "stop": N - 1}}}
    assert run(write(space=space, objectives=["auc", "lut"], search={"limits": limits})).code == 0
    kept = [v for v in range(N) if numbers(v)["auc"] >= 0.55 and numbers(v)["lut"] <= 6]
    found = dse("pareto", "--format", "json").json
    assert {row["point"] for row in found} == front(["auc", "lut"], kept)
    everything = dse("pareto", "--format", "json", "--no-limits").json
    assert {row["point"] for row in everything} == front(["auc", "lut"], list(range(N)))
    table = dse("pareto").out
    assert "limits of the study: auc >= 0.55, noop.lut <= 6; without them: --no-limits" in table
    assert "limit of the study that no point has the metric for: dsp <= 3" in table
    best = dse("best", "--maximize", "lut", "--json").json
    assert best["lut"] == max(numbers(v)["lut"] for v in kept)


@pytest.mark.usefixtures("study")
def test_the_next_commands_can_be_typed(dse: Any) -> None:
    (line,) = (one for one in dse("pareto").out.splitlines() if one.startswith("next: "))
    commands = line.removeprefix("next: ").split("; ")
    assert len(commands) == 3
    assert commands[0].startswith("dse show ")
    assert dse(*commands[0].split()[1:]).code == 0


@pytest.mark.parametrize(
    ("spread", "says"),
    [
        (0.2, "point 0 (value = 1) is as good as the best (auc 0.81) with 33 % of its latency_ns"),
        (1e-4, "point 2 (value = 3) is the best (auc 0.83)"),
    ],
)
def test_one_sentence_reads_the_front_out(
    run: Any, write: Any, dse: Any, gives: Any, spread: float, says: str
) -> None:
    """The cheapest of those that cannot be told from the best."""

    def uncertain(value: int) -> list[Metric]:
        auc = 0.8 + value / 100
        noise = np.random.default_rng(value).normal(0, spread, 200)
        exact = Metric.of("latency_ns", value, Fidelity.ESTIMATE)
        return [Metric.of("auc", auc, Fidelity.ESTIMATE, replicas=auc + noise), exact]

    gives(uncertain)
    run(write(space={"value": [1, 2, 3]}))
    assert says in dse("pareto", "--metric", "auc,latency_ns").out


def narrow(width: int) -> tuple[tuple[str, ...], str]:
    """A front of two points with two parameters and two metrics, in a terminal."""
    columns = (
        Column("auc", "open", Fidelity.RTL, "", "maximise"),
        Column("latency_ns", "open", Fidelity.RTL, "ns", "minimise"),
    )
    aucs = [Cell(0.98765, 0.98, 0.99, "t"), Cell(0.9, 0.8, 0.95, "t", tie=True)]
    parameters = {"total_bits": 16, "reuse_factor": 8}
    rows = tuple(
        Row(n, parameters, (cell, Cell(1234.5, None, None, "t"))) for n, cell in enumerate(aucs)
    )
    found = Front(Comparison(columns, (0, 1), np.zeros((2, 2)), 2), rows)
    out = Console(width=width, file=io.StringIO())
    left_out = print_table(out, "title", found, list(parameters))
    return left_out, out.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("width", "left_out", "shown"),
    [
        (100, (), "~0.9000 [0.8000, 0.9500] │           1,234 │"),
        (75, ("95 % intervals",), "┃ reuse_factor ┃     auc ┃ latency_ns (ns) ┃"),
        (52, ("95 % intervals",), "│     16 │      8 │ ~0.9000 │    1,234 │"),
        (40, ("95 % intervals", "reuse_factor"), "│     1 │     16 │ ~0.9000 │    1,234 │"),
        (30, ("95 % intervals", "total_bits", "reuse_factor"), "│     1 │ ~0.9000 │    1,234 │"),
        (20, ("95 % intervals", "total_bits", "reuse_factor", "latency_ns"), "│     1 │ ~0.9000 │"),
    ],
)
def test_a_narrow_terminal_loses_columns_before_digits(
    width: int, left_out: tuple[str, ...], shown: str
) -> None:
    found, text = narrow(width)
    assert found == left_out
    assert shown in text
    assert max(map(len, text.splitlines())) <= width


def test_heads_break_where_their_words_do() -> None:
    lines = [line for line in narrow(52)[1].splitlines() if line.startswith("┃")]
    heads = zip(*(line.strip("┃").split("┃") for line in lines), strict=True)
    joined = ["".join(part.strip() for part in head) for head in heads]
    assert joined == ["point", "total_bits", "reuse_factor", "auc", "latency_ns(ns)"]


@pytest.mark.usefixtures("study")
def test_a_picture_has_every_point(dse: Any, tmp_path: Path) -> None:
    answer = dse("pareto", "--metric", "auc,lut,latency_ns", "--picture", "front.svg")
    assert answer.code == 0
    text = (tmp_path / "front.svg").read_text()
    distinct = {(numbers(v)["auc"], numbers(v)["lut"]) for v in range(N)}
    assert text.count("font-weight='600'") == 2  # panels
    assert text.count("<circle") >= len(distinct)
    wrong = dse("pareto", "--metric", "auc,lut", "--picture", "front.png")
    assert (wrong.code, "such as front.svg" in wrong.said) == (2, True)
    assert dse("pareto", "--metric", "auc", "--picture", "front.svg").code == 2
