"""The time left while networks are prepared, against trainings whose end is known."""

from itertools import pairwise
from pathlib import Path

import pytest

from dse.contracts.backend import Resources
from dse.engine.network_watch import NetworkWatch
from dse.engine.pace import Pace
from dse.engine.task_status import PREPARING, StatusWriter
from dse.engine.time_left import Load, time_left_s

EXPECTED_S = 61.0
"""What the workload expects of the training; it takes 20 times as long here."""
EVALUATIONS_S = 90.0


class Clock:
    """Time that passes when the test says so."""

    now = 1000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("dse.engine.network_watch.time.monotonic", lambda: clock.now)
    return clock


class Training:
    """A run whose workers wait for networks `a`, `b`, ... of which some are being trained."""

    def __init__(self, folder: Path, clock: Clock, names: str = "a", workers: int = 1) -> None:
        self.clock, self.folder, self.load = clock, folder, Load()
        expected = {folder / "networks" / name: EXPECTED_S for name in names}
        self.watch = NetworkWatch(expected, folder / "status", workers)
        self.pace = Pace(self.load, workers, self.watch)
        for _ in range(9 * workers):
            self.pace.add("csim", Resources(expected_s=EVALUATIONS_S / 9))

    def says(self, text: str, network: str = "a", task: str = "1") -> None:
        writer = StatusWriter(self.folder / "status" / task, "s", (1,), "csim", network=network)
        writer(f"{PREPARING}: {text}" if text else PREPARING)

    def ends(self, network: str = "a") -> None:
        (self.folder / "networks" / network).mkdir(parents=True)

    def left_s(self) -> float:
        found = time_left_s(self.load)
        assert found is not None
        return found

    def after(self, seconds: float) -> float:
        """Let time pass, and return what is left then."""
        for _ in range(int(seconds)):
            self.clock.now += 1.0
            self.left_s()
        return self.left_s()


def test_epochs_say_how_long_a_training_still_takes(tmp_path: Path, clock: Clock) -> None:
    """One network that four workers wait for: 60 epochs of 20 s, then 90 s of evaluations."""
    run = Training(tmp_path, clock, workers=4)
    for task in "1234":
        run.says("", task=task)
    for epoch in range(1, 61):
        run.after(20)
        run.says(f"training: epoch {epoch} of 60, loss 0.1")
        if epoch > 2:
            assert run.after(1) == pytest.approx((60 - epoch) * 20 + EVALUATIONS_S, rel=0.1)
            clock.now -= 1.0  # so that an epoch takes 20 s
    run.ends()
    assert run.after(2) == pytest.approx(EVALUATIONS_S, abs=3)
    assert run.after(8) == pytest.approx(EVALUATIONS_S - 8, abs=3)  # the first takes ten


def test_a_training_that_slows_down_is_expected_to_take_longer(
    tmp_path: Path, clock: Clock
) -> None:
    run = Training(tmp_path, clock)
    for epoch in range(1, 11):
        run.says(f"epoch {epoch} of 60")
        run.after(5)
    said = [run.after(30) for _ in range(10)]  # nothing more is heard
    assert all(later > earlier for earlier, later in pairwise(said))


@pytest.mark.parametrize("text", [None, "", "reading files", "epoch 60 of 60"])
def test_it_grows_where_nothing_is_heard(tmp_path: Path, clock: Clock, text: str | None) -> None:
    run = Training(tmp_path, clock)
    if text is not None:
        run.says(text)
    early = [run.after(10) for _ in range(3)]
    assert early == pytest.approx([EXPECTED_S + EVALUATIONS_S - 10 * i for i in (1, 2, 3)], abs=1)
    late = [run.after(40) for _ in range(10)][1:]
    assert all(later > earlier for earlier, later in pairwise(late))
    assert late[-1] > EVALUATIONS_S + 200


def test_a_training_that_goes_on_from_a_checkpoint_is_not_fast(
    tmp_path: Path, clock: Clock
) -> None:
    run = Training(tmp_path, clock)
    for epoch in range(30, 40):
        run.says(f"epoch {epoch} of 60")
        run.after(20)
    run.says("epoch 40 of 60")
    assert run.after(1) == pytest.approx(20 * 20 + EVALUATIONS_S, rel=0.05)


def test_a_second_training_has_a_pace_of_its_own(tmp_path: Path, clock: Clock) -> None:
    run = Training(tmp_path, clock)
    for epoch in range(1, 61):
        run.says(f"epoch {epoch} of 60")
        run.after(2)
    for epoch in range(1, 6):
        run.says(f"epoch {epoch} of 30")
        run.after(40)
    run.says("epoch 6 of 30")
    assert run.after(1) == pytest.approx(24 * 40 + EVALUATIONS_S, rel=0.05)


def test_networks_to_come_take_as_long_as_those_begun_and_done(
    tmp_path: Path, clock: Clock
) -> None:
    run = Training(tmp_path, clock, "abcd", workers=2)
    for epoch in range(1, 7):
        run.says(f"epoch {epoch} of 60", "a", "1")
        run.says(f"epoch {epoch} of 60", "b", "2")
        run.after(10)
    run.says("epoch 7 of 60", "a", "1")
    run.says("epoch 7 of 60", "b", "2")
    # two at a time: 53 epochs, and then 60
    assert run.after(1) == pytest.approx(53 * 10 + 60 * 10 + EVALUATIONS_S, rel=0.05)
    clock.now += 530
    run.ends("a")
    run.ends("b")
    assert run.after(2) == pytest.approx(60 * 10 + EVALUATIONS_S, rel=0.05)


def test_what_the_first_network_does_for_all_is_not_expected_again(
    tmp_path: Path, clock: Clock
) -> None:
    """One float training serves all widths: 1200 s for the first network, 60 s for each other."""
    run = Training(tmp_path, clock, "abcdef")
    for name, took_s in (("a", 1200), ("b", 60), ("c", 60)):
        run.says("", name)
        run.after(took_s)
        run.ends(name)
    run.says("", "d")
    assert run.after(2) == pytest.approx(3 * 60 + EVALUATIONS_S, rel=0.1)


def test_trainings_between_evaluations_do_not_make_these_longer(
    tmp_path: Path, clock: Clock
) -> None:
    run = Training(tmp_path, clock, "ab")
    needs = Resources(expected_s=EVALUATIONS_S / 9)

    def evaluate() -> None:
        for _ in range(10):
            clock.now += 1
            run.pace.tick()
            run.left_s()
        run.pace.end("csim", needs, 10.0)

    run.ends("a")
    evaluate()
    evaluate()
    for _ in range(1000):
        clock.now += 1
        run.pace.tick()
        run.left_s()
    run.ends("b")
    evaluate()
    evaluate()
    assert run.left_s() == pytest.approx(5 * 10, rel=0.1)


def test_a_network_that_failed_is_not_waited_for(tmp_path: Path, clock: Clock) -> None:
    run = Training(tmp_path, clock, "ab")
    run.says("epoch 3 of 60")
    run.after(100)
    run.watch.end("a")
    run.ends("b")
    assert run.after(2) == pytest.approx(EVALUATIONS_S, abs=3)


def test_what_a_killed_run_has_left_is_not_believed(tmp_path: Path, clock: Clock) -> None:
    StatusWriter(tmp_path / "status" / "0", "s", (1,), "csim", since=1.0, network="a")(
        f"{PREPARING}: epoch 59 of 60"
    )
    run = Training(tmp_path, clock)
    run.says("epoch 1 of 60", task="1")
    run.after(20)
    run.says("epoch 2 of 60", task="1")
    assert run.after(1) == pytest.approx(58 * 20 + EVALUATIONS_S, rel=0.05)
