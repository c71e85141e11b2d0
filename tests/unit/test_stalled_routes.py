"""Seeds whose routing stalls are given up by nextpnr's log, and further ones take their place."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from backends.openhls import toolchain
from backends.openhls.pnr import flow, results
from backends.openhls.pnr.families import named_target
from backends.openhls.pnr.flow import Implemented
from backends.openhls.pnr.stall import ROUTERS, stall
from backends.openhls.pnr.synthesis import Mapped
from backends.openhls.toolchain import Tool
from dse.contracts.errors import EvaluationError, FailureKind

FALLING = [30_000, 20_000, 10_000, 1_000]


def line(tries: int, left: int) -> str:
    """As router1 writes it."""
    return f"Info: {tries:10} | {9:8} {9:10} | {9:4} {9:5} | {left:9}| {0.31:10.2f} {0.62:10.2f}|\n"


def router1(left: Sequence[int]) -> str:
    head = "Info: Routing 40162 arcs.\nInfo:    IterCnt |  w/ripup   wo/ripup |      arcs|\n"
    return head + "".join(line(1000 * n, number) for n, number in enumerate(left, start=1))


def router2(left: Sequence[int]) -> str:
    return "".join(
        f"Info:     iter={n} wires=96 overused={number} overuse={number} tmgfail=0 archfail=NA\n"
        for n, number in enumerate(left, start=1)
    )


@pytest.mark.parametrize("log", [router1, router2])
@pytest.mark.parametrize(
    "left",
    [
        [],
        [*FALLING, 100, 0],
        [*FALLING, *[1_000, 1_200] * 4, 1_000, 999, 0],  # 9 lines without progress
        [30_000] * 50 + [0],
    ],
)
def test_routers_that_make_progress(log: Callable[[Sequence[int]], str], left: list[int]) -> None:
    assert stall(log(left)) == ""


@pytest.mark.parametrize(
    ("log", "left", "why"),
    [
        (
            router1,
            [*FALLING, 23, *[24, 26, 23, 25, 24]],
            "the router had 23 connections left, and no fewer 5,000 tries later",
        ),
        (
            router1,
            [30_000, 9_000, *[9_001] * 90],
            "the router had 9,000 connections left, and no fewer 90,000 tries later",
        ),
        (
            router2,
            [*FALLING, 3, *[3, 4] * 25],
            "the router had 3 overused wires left, and no fewer 50 iterations later",
        ),
    ],
)
def test_routers_that_stall(log: Callable[[Sequence[int]], str], left: list[int], why: str) -> None:
    assert stall(log(left)) == why
    assert stall(log(left[:-1])) == ""
    # nothing that follows changes it, not even an end
    assert stall(log([*left, 1, 0])) == why


def test_a_line_that_is_not_whole_does_not_count() -> None:
    whole = router1([*FALLING, *[1_000] * 10])
    assert stall(whole) != ""
    assert stall(whole[:-2]) == ""


def test_the_check_behind_router2_is_a_route_of_its_own() -> None:
    assert stall(router2([*FALLING, 0]) + router1([27, 13, 0])) == ""


@pytest.mark.parametrize("log", [router1, router2])
def test_what_comes_behind_an_end_is_another_route(log: Callable[[Sequence[int]], str]) -> None:
    second = [*range(6_000, 0, -100), 0]  # more lines than either router is waited for
    assert stall(log([*FALLING, 0]) + log(second)) == ""
    assert "had 5 " in stall(log([*FALLING, 0]) + log([*second[:-1], 5, *[7] * 50]))


NEXTPNR = """
import json, pathlib, sys, time
seed = sys.argv[sys.argv.index("--seed") + 1]
started = pathlib.Path(r"{folder}") / "started"
with started.open("a") as file:
    file.write(seed + " ")
if seed in {full}:
    sys.exit("ERROR: Unable to find legal placement for all cells, design is full")
print({stalled!r} if seed in {stalled_seeds} else {routed!r}, flush=True)
if seed in {stalled_seeds} and not {ends}:
    time.sleep(120)
    print("was not ended")
report = {{"fmax": {{"clk": {{"achieved": 100.0 + int(seed)}}}}, "utilization": {{}},
          "critical_paths": []}}
pathlib.Path("report.json").write_text(json.dumps(report))
"""

Implement = Callable[..., Implemented]


@pytest.fixture
def implement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Implement:
    """Place and route by a nextpnr that stalls with some seeds, and has no room with others."""
    netlist = tmp_path / "netlist.json"
    netlist.write_text("{}")

    def run(
        seeds: int, stalled: Sequence[int] = (), full: Sequence[int] = (), *, ends: bool = False
    ) -> Implemented:
        code = NEXTPNR.format(
            folder=tmp_path,
            full=[*map(str, full)],
            stalled_seeds=[*map(str, stalled)],
            ends=ends,
            stalled=router1([*FALLING, *[1_000] * 10]),
            routed=router1([*FALLING, 0]),
        )
        tool = Tool("nextpnr-ecp5", "1", (sys.executable, "-c", code), "")
        monkeypatch.setattr(toolchain, "nextpnr", lambda _: tool)
        design, told = Mapped(netlist, {}, {}), list[str]()
        target = named_target("LFE5U-25F")
        return flow.implement(design, target, 5.0, seeds, tmp_path / "cache", told.append)

    return run


def started(folder: Path) -> list[int]:
    """The seeds with which nextpnr was started, in order."""
    return [int(seed) for seed in (folder / "started").read_text().split()]


def test_another_seed_takes_the_place_of_one_that_stalls(
    implement: Implement, tmp_path: Path
) -> None:
    made = implement(1, stalled=[1])
    assert [run.seed for run in made.runs] == [2]
    assert made.failed == {
        1: "given up: the router had 1,000 connections left, and no fewer 10,000 tries later"
    }
    (log,) = {path for path in tmp_path.rglob("nextpnr.log") if path.parent != made.best.folder}
    assert "was not ended" not in log.read_text()
    built = results.described(made, {})
    assert built["not_routed"] == {"1": made.failed[1]}
    assert results.left_out(built) == (f"seed 1 was not routed: {made.failed[1]}",)
    assert results.left_out(results.described(Implemented(made.runs, {}), {})) == ()


def test_as_many_seeds_as_were_asked_for(implement: Implement, tmp_path: Path) -> None:
    made = implement(3, stalled=[2, 4])
    assert sorted(run.seed for run in made.runs) == [1, 3, 5]
    assert made.routed == pytest.approx(3 / 5)
    assert started(tmp_path) == [1, 2, 3, 4, 5]


def test_a_seed_that_stalled_is_not_tried_again(implement: Implement, tmp_path: Path) -> None:
    first, second = implement(1, stalled=[1]), implement(2, stalled=[1])
    assert first.failed == second.failed
    assert started(tmp_path) == [1, 2, 3]


def test_a_stall_that_ended_in_time_is_one_all_the_same(implement: Implement) -> None:
    """Else it would depend on the machine's load which seed gives the numbers."""
    assert [run.seed for run in implement(1, stalled=[1], ends=True).runs] == [2]


def test_a_stall_by_another_rule_is_not_taken_over(
    implement: Implement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its folder has no report that could be read."""
    implement(1, stalled=[1])
    patient = [replace(router, least=router.least + 100) for router in ROUTERS]
    monkeypatch.setattr("backends.openhls.pnr.stall.ROUTERS", patient)
    assert [run.seed for run in implement(1, stalled=[1], ends=True).runs] == [1]
    assert started(tmp_path) == [1, 2, 1]


def test_a_full_seed_and_a_stalled_one(implement: Implement, tmp_path: Path) -> None:
    """The stalled one alone has a seed in its place."""
    made = implement(2, full=[1], stalled=[2])
    assert [run.seed for run in made.runs] == [3]
    assert {seed: why.partition(":")[0] for seed, why in made.failed.items()} == {
        1: "the design cannot be placed (Unable to find legal placement for all cells, design is"
        " full)",
        2: "given up",
    }
    assert made.routed == pytest.approx(1 / 3)
    assert started(tmp_path) == [1, 2, 3]


def test_three_more_seeds_are_tried_at_most(implement: Implement, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError) as caught:
        implement(1, stalled=range(1, 100))
    error = caught.value
    assert error.kind is FailureKind.DOES_NOT_FIT
    assert error.message == (
        "none of the seeds 1 to 4 was routed; the last: given up: the router had 1,000 connections"
        " left, and no fewer 10,000 tries later"
    )
    assert "larger part" in error.hint
    assert "|      1000|" in error.log
    assert started(tmp_path) == [1, 2, 3, 4]


def test_a_full_part_is_not_tried_again(implement: Implement, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"^the design cannot be placed"):
        implement(1, full=[1])
    with pytest.raises(EvaluationError, match=r"^none of the seeds 1 to 2 .* cannot be placed"):
        implement(2, full=[1, 2])
    assert started(tmp_path) == [1, 1, 2]
