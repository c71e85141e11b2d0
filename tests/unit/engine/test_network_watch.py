"""The time left while networks are prepared, against trainings whose end is known."""

import time
from collections.abc import Mapping
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

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        names: str = "a",
        workers: int = 1,
        *,
        expected_s: float | Mapping[str, float] = EXPECTED_S,
        evaluations: int | None = None,
        each_s: float = EVALUATIONS_S / 9,
    ) -> None:
        self.clock, self.folder, self.load = clock, folder, Load()
        of = expected_s if isinstance(expected_s, Mapping) else dict.fromkeys(names, expected_s)
        expected = {folder / "networks" / name: of[name] for name in names}
        self.watch = NetworkWatch(expected, folder / "status", workers)
        self.pace = Pace(self.load, workers, self.watch)
        self.needs = Resources(expected_s=each_s)
        for _ in range(9 * workers if evaluations is None else evaluations):
            self.pace.add("csim", self.needs)

    def evaluated(self, took_s: float) -> None:
        self.pace.end("csim", self.needs, took_s)

    def silent(self, task: str = "1") -> None:
        """Let a task end, which removes its status."""
        (self.folder / "status" / task).unlink()

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
    run.silent()
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


def test_it_falls_by_what_evaluates_between_two_trainings(tmp_path: Path, clock: Clock) -> None:
    """One worker, two networks and ten evaluations of 100 s with each, all as long as expected."""
    run = Training(tmp_path, clock, "ab", evaluations=20, each_s=100.0)
    run.says("")
    run.after(61)
    run.ends("a")
    run.silent()
    run.after(1)
    for done in range(1, 11):
        assert run.after(50) == pytest.approx(2061 - 100 * done + 50, abs=5)
        run.after(50)
        run.evaluated(100.0)
    assert run.after(1) == pytest.approx(1061, abs=5)
    run.says("", "b")
    assert run.after(30) == pytest.approx(1031, abs=5)


def test_it_falls_while_workers_evaluate_before_the_first_training(
    tmp_path: Path, clock: Clock
) -> None:
    """Four workers, whose evaluations of an hour have their network; two networks are missing."""
    run = Training(tmp_path, clock, "ab", workers=4, evaluations=12, each_s=3600.0)
    StatusWriter(tmp_path / "status" / "1", "s", (1,), "csim", network="there")("")
    early = run.after(2)
    assert run.after(3000) == pytest.approx(early - 3000, abs=5)


def test_a_training_does_not_take_back_how_long_evaluations_have_run(
    tmp_path: Path, clock: Clock
) -> None:
    """One worker evaluates for an hour, another one trains after half of it."""
    run = Training(tmp_path, clock, "a", workers=2, evaluations=2, each_s=3600.0)
    StatusWriter(tmp_path / "status" / "1", "s", (1,), "csim", network="there")("")
    before = run.after(1800)
    run.says("", "a", "2")
    assert run.after(10) == pytest.approx(before, abs=15)


def test_a_task_that_fails_at_once_leaves_the_training_of_its_network(
    tmp_path: Path, clock: Clock
) -> None:
    """A backend may refuse its parameters, while another task trains the network of both."""
    run = Training(tmp_path, clock)
    run.watch.end("a")  # before the training is seen
    assert run.after(2) == pytest.approx(EVALUATIONS_S, abs=3)
    for epoch in range(1, 11):
        run.says(f"epoch {epoch} of 60")
        run.after(20)
    run.watch.end("a")
    assert run.watch.waiting
    assert run.after(1) == pytest.approx(50 * 20 + EVALUATIONS_S, rel=0.05)


def test_what_networks_took_is_believed_however_much_it_is(tmp_path: Path, clock: Clock) -> None:
    """Six networks of 1200 s each, of which the workload says that they take one second."""
    run = Training(tmp_path, clock, "abcdef", expected_s=1.0)
    for name in "abc":
        run.says("", name)
        run.after(1200)
        run.ends(name)
    run.silent()
    assert run.after(2) == pytest.approx(3 * 1200 + EVALUATIONS_S, rel=0.02)


def test_a_network_is_compared_with_those_that_are_expected_to_take_as_long(
    tmp_path: Path, clock: Clock
) -> None:
    """Loading takes 30 s instead of one, for imports; a training takes what it is expected to."""
    run = Training(tmp_path, clock, "abcd", expected_s={"a": 1.0, "b": 60.0, "c": 1.0, "d": 60.0})
    for name, took_s in (("a", 30), ("b", 60)):
        run.says("", name)
        run.after(took_s)
        run.ends(name)
    run.silent()
    assert run.after(2) == pytest.approx(30 + 60 + EVALUATIONS_S, abs=5)


def test_networks_that_nobody_saw_begin_say_nothing_of_the_others(
    tmp_path: Path, clock: Clock
) -> None:
    """Two appear at once, as those that are copied: that is no measure of a training."""
    run = Training(tmp_path, clock, "abcd")
    run.after(200)
    run.ends("a")
    run.ends("b")
    assert run.after(2) == pytest.approx(2 * EXPECTED_S + EVALUATIONS_S, abs=5)


def test_a_training_of_another_run_is_followed(tmp_path: Path, clock: Clock) -> None:
    run = Training(tmp_path, clock)
    begun = time.time() - 3600.0
    writer = StatusWriter(
        tmp_path / "status" / "0", "other", (1,), "csim", since=begun, network="a"
    )
    time.sleep(0.05)  # the time of a file is coarser than the clock
    for epoch in range(30, 36):
        writer(f"{PREPARING}: epoch {epoch} of 60")
        run.after(20)
    assert run.after(1) == pytest.approx(24 * 20 + EVALUATIONS_S, rel=0.1)


def test_the_last_counts_of_a_text_are_those_that_change_most(tmp_path: Path, clock: Clock) -> None:
    run = Training(tmp_path, clock)
    for epoch in range(1, 11):
        run.says(f"network 2 of 3: epoch {epoch} of 60")
        run.after(20)
    assert run.after(1) == pytest.approx(50 * 20 + EVALUATIONS_S, rel=0.05)


@pytest.mark.parametrize("text", [f"read {'9' * 5000} of 60", f"epoch 3 of {'9' * 5000}"])
def test_numbers_without_end_are_no_counts(tmp_path: Path, clock: Clock, text: str) -> None:
    run = Training(tmp_path, clock)
    run.says(text)
    assert run.after(10) == pytest.approx(EXPECTED_S + EVALUATIONS_S - 10, abs=2)
