"""`dse emit` and `dse import`: work that runs elsewhere comes back to the same points, once."""

import csv
import json
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bare
import pytest

from dse.contracts.backend import Outcome
from dse.contracts.errors import Failure, FailureKind
from dse.contracts.offline import RunReport
from dse.store.queries import Results
from dse.testing.noop import NoopBackend

from .conftest import Dse


def dump(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return list(connection.iterdump())


def latencies(tmp_path: Path, study: str = "s") -> dict[Any, float]:
    points = Results(str(tmp_path / "results.db")).points(study)
    return {p.parameters["value"]: m.value for p in points for m in p.metrics}


def run_all(folder: Path, *arguments: str) -> int:
    return subprocess.run(["sh", folder / "run.sh", *arguments], check=False).returncode


@pytest.fixture
def emit(dse: Dse, write: Callable[..., str], tmp_path: Path) -> Callable[..., Path]:
    """Emit a study of the noop backend into `farm`."""

    def call(**sections: Any) -> Path:
        answer = dse("emit", write(**sections), "--backend", "noop", "--out", "farm")
        assert answer.code == 0, answer.err
        return tmp_path / "farm"

    return call


class TestRoundTrip:
    def test_results_come_back_to_the_points(self, emit: Any, dse: Dse, tmp_path: Path) -> None:
        farm = emit()
        assert len((farm / "jobs.txt").read_text().split()) == 3
        assert run_all(farm, "2") == 0
        answer = dse("import", "farm")
        assert "s: 3 new; results in" in answer.said
        assert latencies(tmp_path) == {1: 1, 2: 2, 3: 3}
        evaluation = Results(str(tmp_path / "results.db")).evaluations("s", 0)[0]
        assert evaluation.tool == "noop 1"
        assert evaluation.duration_s is None  # nothing says it: no guess
        assert "imported_from" in evaluation.effective

    def test_twice_changes_nothing(self, emit: Any, dse: Dse, tmp_path: Path) -> None:
        run_all(emit())
        dse("import", "farm")
        before = dump(tmp_path / "results.db")
        assert "3 unchanged" in dse("import", "farm").said
        assert dump(tmp_path / "results.db") == before

    def test_the_points_of_a_study_that_was_run_keep_their_numbers(
        self, emit: Any, run: Dse, dse: Dse, write: Any, tmp_path: Path
    ) -> None:
        run(write(space={"value": [9, 3]}))
        run_all(emit(space={"value": [1, 3]}))
        assert "1 new, 1 unchanged" in dse("import", "farm").said
        points = Results(str(tmp_path / "results.db")).points("s")
        assert {p.number: p.parameters["value"] for p in points} == {0: 9, 1: 3, 2: 1}

    def test_a_run_takes_what_was_imported(self, emit: Any, run: Dse, dse: Dse, gives: Any) -> None:
        run_all(emit())
        dse("import", "farm")
        asked = gives(lambda _: [])
        assert "0 evaluations done, 3 were stored" in run().said
        assert asked == []

    def test_what_has_not_run_is_listed_and_comes_later(
        self, emit: Any, dse: Dse, tmp_path: Path
    ) -> None:
        farm = emit()
        first = (farm / "jobs.txt").read_text().split()[0]
        subprocess.run(["sh", farm / first / "run.sh"], check=True)
        answer = dse("import", "farm")
        assert "1 new, 2 not finished" in answer.said
        assert dse("status", "--json").json[0]["state"] == "interrupted"
        run_all(farm)
        assert "2 new, 1 unchanged" in dse("import", "farm").said
        assert dse("status", "--json").json[0]["state"] == "done"

    def test_failures_are_data_and_a_success_replaces_them(
        self, emit: Any, dse: Dse, tmp_path: Path
    ) -> None:
        farm = emit(backends=[{"name": "noop", "behaviour": "fail"}], space={"value": [5]})
        assert run_all(farm) != 0
        assert "1 failed" in dse("import", "farm").said
        (group,) = dse("failures", "--json").json
        assert (group["kind"], group["message"]) == ("tool_failed", "told to fail")
        (job,) = (farm / "jobs.txt").read_text().split()
        note = json.loads((farm / job / "run.json").read_text())
        assert note["exit_code"] == 3
        (farm / job / "asked.json").rename(farm / job / "done.json")
        dse("import", "farm")
        assert latencies(tmp_path) == {5: 5}

    def test_a_finished_job_is_not_run_again(self, emit: Any) -> None:
        farm = emit(space={"value": [5]})
        run_all(farm)
        (job,) = (farm / "jobs.txt").read_text().split()
        (farm / job / "done.json").unlink()
        run_all(farm)
        assert not (farm / job / "done.json").exists()

    @pytest.mark.parametrize("code", [129, 130, 143])
    def test_a_job_that_is_stopped_has_not_failed(self, emit: Any, dse: Dse, code: int) -> None:
        """A signal that reaches the tool before the script, as in a cancelled job."""
        farm = emit(space={"value": [5]})
        (job,) = (farm / "jobs.txt").read_text().split()
        script = farm / job / "run.sh"
        kept = script.read_text()
        stopped = f"(\nexit {code}\n) > tool.log"
        script.write_text(re.sub(r"\(\n.*\) > tool\.log", lambda _: stopped, kept, flags=re.S))
        assert subprocess.run(["sh", script], check=False).returncode == code
        assert not (farm / job / "run.json").exists()
        assert "1 not finished" in dse("import", "farm").said
        script.write_text(kept)
        assert run_all(farm) == 0
        assert "1 new" in dse("import", "farm").said

    @pytest.mark.parametrize(
        "note",
        [b"", b'{"host": "n1", "sec', b"[]", b"\xff\x00\x80", b'{"exit_code": true}', b"{}"],
    )
    def test_a_damaged_note_is_named(self, emit: Any, dse: Dse, note: bytes) -> None:
        """It is no job that is still to run: nobody would look for it."""
        farm = emit()
        run_all(farm)
        bad, *_ = (farm / "jobs.txt").read_text().split()
        (farm / bad / "run.json").write_bytes(note)
        status = dse("farm", "status", "farm").out
        assert "1  ended without a result" in status
        assert f"{bad}: ended without a result: run.json is damaged" in status
        answer = dse("farm", "collect", "farm")
        assert answer.code == 4
        assert "2 new" in answer.said
        assert "run.json is damaged" in answer.said
        assert "not finished" not in answer.said

    def test_a_note_that_cannot_be_read_is_not_damaged(self, emit: Any, dse: Dse) -> None:
        """Whoever removes it would lose the result."""
        farm = emit()
        run_all(farm)
        bad, *_ = (farm / "jobs.txt").read_text().split()
        (farm / bad / "run.json").unlink()
        (farm / bad / "run.json").mkdir()
        answer = dse("farm", "collect", "farm")
        assert answer.code == 4
        assert "run.json cannot be read: is a directory" in answer.said
        assert "remove" not in answer.said

    @pytest.mark.parametrize(
        ("command", "says"),
        [
            ("exit 3", "failed: exit code 3\n"),
            ("no_such_tool_of_ours -f x", "failed: exit code 127, the tool was not found\n"),
            ("./asked.json", "failed: exit code 126, the tool cannot be executed\n"),
        ],
    )
    def test_the_status_of_a_farm_says_how_jobs_ended(
        self, emit: Any, dse: Dse, command: str, says: str
    ) -> None:
        farm = emit(space={"value": [5]})
        (job,) = (farm / "jobs.txt").read_text().split()
        script = farm / job / "run.sh"
        body = f"(\n{command}\n) > tool.log"
        text = re.sub(r"\(\n.*\) > tool\.log", lambda _: body, script.read_text(), flags=re.S)
        script.write_text(text)
        assert run_all(farm) != 0
        assert says in dse("farm", "status", "farm").out

    def test_points_with_equal_work_share_a_folder(self, emit: Any) -> None:
        farm = emit(space={"value": [5], "sleep_s": [0.0]}, constraints=None)
        manifest = json.loads((farm / "dse-farm.json").read_text())
        assert [job["points"] for job in manifest["jobs"]] == [[0]]

    def test_emitting_again_adds(self, emit: Any, dse: Dse, tmp_path: Path) -> None:
        farm = emit(space={"value": [1, 3]})
        jobs = (farm / "jobs.txt").read_text().split()
        (farm / jobs[0] / "mine").touch()
        emit(space={"value": [3, 2]})
        assert (farm / jobs[0] / "mine").exists()
        assert (farm / "jobs.txt").read_text().split()[:2] == jobs
        run_all(farm)
        assert "3 new" in dse("import", "farm").said
        assert latencies(tmp_path) == {1: 1, 3: 3, 2: 2}

    def test_the_last_emitted_job_of_a_point_counts(self, emit: Any) -> None:
        first = (emit(space={"value": [1]}) / "jobs.txt").read_text()
        farm = emit(space={"value": [1]}, backends=[{"name": "noop", "isolated": True}])
        assert (farm / "jobs.txt").read_text() != first
        assert len((farm / "jobs.txt").read_text().split()) == 1

    def test_a_failure_never_hides_a_success(self, emit: Any, dse: Dse, tmp_path: Path) -> None:
        farm = emit(space={"value": [5]})
        run_all(farm)
        dse("import", "farm")
        (job,) = (farm / "jobs.txt").read_text().split()
        (farm / job / "done.json").unlink()
        (farm / job / "tool.log").write_text("no licence")
        assert "1 failed" in dse("import", "farm").said
        assert latencies(tmp_path) == {5: 5}

    def test_a_folder_runs_where_there_is_a_shell_and_the_tool_alone(
        self, emit: Any, dse: Dse, tmp_path: Path
    ) -> None:
        there = tmp_path / "on another machine" / "farm"
        emit().rename(tmp_path / "moved")
        shutil.copytree(tmp_path / "moved", there)
        env = bare.environment(tmp_path / "bin", "cp")  # the tool of noop
        done = subprocess.run(
            [there / "run.sh", "2"], cwd="/", env=env, check=False, capture_output=True
        )
        assert (done.returncode, done.stderr) == (0, b"")
        again = subprocess.run(["sh", there / "run.sh"], cwd="/", env=env, check=False)
        assert again.returncode == 0
        shutil.copytree(there, tmp_path / "farm")
        assert "3 new" in dse("import", "farm").said
        assert len(latencies(tmp_path)) == 3

    def test_without_the_tool_every_job_says_so(self, emit: Any, tmp_path: Path) -> None:
        farm = emit()
        env = bare.environment(tmp_path / "bin")
        done = subprocess.run([farm / "run.sh"], env=env, check=False, capture_output=True)
        assert done.returncode != 0
        logs = [log.read_text() for log in farm.glob("*/tool.log")]
        assert len(logs) == 3
        assert all("cp" in log and "not found" in log for log in logs)

    def test_a_slurm_task_without_a_job_ends(self, emit: Any) -> None:
        farm = emit()
        env = {"SLURM_ARRAY_TASK_ID": "99", "PATH": "/usr/bin:/bin"}
        script = ["sh", farm / "array.sbatch"]
        done = subprocess.run(script, cwd=farm, env=env, check=False, capture_output=True)
        assert done.returncode != 0
        assert not list(farm.glob("*/done.json"))

    def test_slurm_gets_at_least_the_memory(self, emit: Any) -> None:
        farm = emit(backends=[{"name": "noop", "memory_limit_gb": 0.5}])
        assert "--mem=512M\n" in (farm / "array.sbatch").read_text()

    def test_results_that_contradict_stored_ones(self, emit: Any, dse: Dse, tmp_path: Path) -> None:
        farm = emit(space={"value": [5]})
        run_all(farm)
        dse("import", "farm")
        (job,) = (farm / "jobs.txt").read_text().split()
        (farm / job / "done.json").write_text('{"value": 6}')
        answer = dse("import", "farm")
        assert answer.code == 4
        assert "latency_ns 6.0 here and 5.0 in" in answer.said
        assert latencies(tmp_path) == {5: 5}
        assert dse("import", "farm", "--replace").code == 0
        assert latencies(tmp_path) == {5: 6}

    def test_slurm(self, emit: Any) -> None:
        text = (emit() / "array.sbatch").read_text()
        assert "#SBATCH --array=1-3\n" in text
        assert "line=$((SLURM_ARRAY_TASK_ID + ${FARM_OFFSET:-0}))" in text
        assert 'sed -n "${line}p" jobs.txt' in text


@pytest.fixture
def tree(tmp_path: Path) -> Callable[..., None]:
    """Make folders that dse did not write: `done.json`, and `asked.json` where given."""

    def make(name: str, latency: float, **asked: Any) -> None:
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        (folder / "done.json").write_text(json.dumps({"value": latency}))
        if asked:
            (folder / "asked.json").write_text(json.dumps(asked))

    return make


@pytest.mark.usefixtures("listed")
class TestForeign:
    def test_a_project_says_its_own_parameters(self, tree: Any, dse: Dse, tmp_path: Path) -> None:
        tree("a", 10, value=1)
        tree("b", 20, value=2)
        assert "runs: 2 new" in dse("import", "runs").said
        assert latencies(tmp_path, "runs") == {1: 10, 2: 20}
        before = dump(tmp_path / "results.db")
        assert "2 unchanged" in dse("import", "runs").said
        assert dump(tmp_path / "results.db") == before

    @pytest.mark.parametrize("pattern", ["runs/{value}_{sleep_s}/", "{value}_{sleep_s}"])
    def test_a_pattern(self, tree: Any, dse: Dse, tmp_path: Path, pattern: str) -> None:
        tree("1_0.5", 10)
        tree("2_1/deep", 20)
        assert dse("import", "runs", "--pattern", pattern).code == 0
        points = Results(str(tmp_path / "results.db")).points("runs")
        assert [p.parameters for p in points] == [
            {"value": 1, "sleep_s": 0.5},
            {"value": 2, "sleep_s": 1.0},
        ]

    def test_only_plain_numbers_are_numbers(self, tree: Any, dse: Dse, tmp_path: Path) -> None:
        for name in ("1_0", "nan", "1e1", "07", "-2.5"):
            tree(name, 1)
        assert dse("import", "runs", "--pattern", "{bits}").code == 0
        points = Results(str(tmp_path / "results.db")).points("runs")
        assert {p.parameters["bits"] for p in points} == {"1_0", "nan", "1e1", 7, -2.5}

    def test_a_map(self, tree: Any, dse: Dse, tmp_path: Path) -> None:
        tree("x", 10)
        tree("y/z", 20)
        text = "\ufeffpath,value,network\n./x,1,big\ny/z/,2,small\n"  # as spreadsheets write it
        (tmp_path / "map.csv").write_text(text)
        assert dse("import", "runs", "--map", "map.csv", "--study", "mine").code == 0
        points = Results(str(tmp_path / "results.db")).points("mine")
        assert [p.parameters for p in points] == [
            {"value": 1, "network": "big"},
            {"value": 2, "network": "small"},
        ]

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (["--pattern", "{value}"], "value is 1 in"),
            (["--pattern", "v{value}"], "does not match"),
            (["--pattern", "runs/x"], "names no parameters"),
            (["--pattern", "{value}/{value}"], "names no parameters"),
            (["--map", "short.csv"], "has no row for it"),
            (["--map", "twice.csv"], "path '2' appears in two rows"),
            (["--map", "bare.csv"], "needs a column 'path'"),
            (["--map", "none.csv"], "cannot be read: no such file or directory hint: give a CSV"),
            (["--map", "binary.csv"], "cannot be read: it is not text in UTF-8 hint: give a CSV"),
            (["--map", "missing.csv"], "this row has fewer cells than columns"),
            (["--map", "wrong.csv"], "value = 'many' should be a whole number"),
            (["--map", "doubled.csv"], "column 'value' appears twice"),
            (["--map", "long.csv"], "more cells than there are columns"),
            (["--pattern", "{lut}"], "'lut' is the name of a metric"),
            (["--backend", "cpu"], "can only run in dse"),
            (["--backend", "nopp"], "did you mean 'noop'"),
        ],
    )
    def test_mistakes(
        self, tree: Any, dse: Dse, tmp_path: Path, options: list[str], says: str
    ) -> None:
        """Nothing is stored, and the message names the place."""
        tree("2", 10, value=1)
        (tmp_path / "short.csv").write_text("path,value\nother,1\n")
        (tmp_path / "twice.csv").write_text("path,value\n2,1\n2/,1\n")
        (tmp_path / "bare.csv").write_text("value\n1\n")
        (tmp_path / "doubled.csv").write_text("path,value,value\n2,1,1\n")
        (tmp_path / "long.csv").write_text("path,value\n2,1,7\n")
        (tmp_path / "wrong.csv").write_text("path,value\n2,many\n")
        (tmp_path / "binary.csv").write_bytes(b"\xb9\xff\x00")
        (tmp_path / "missing.csv").write_text("path,value,sleep_s\n2,1\n")
        answer = dse("import", "runs", *options)
        assert answer.code in {2, 4}
        assert says in answer.said
        assert not (tmp_path / "results.db").exists()

    def test_a_name_that_no_backend_reads_is_pointed_out(self, tree: Any, dse: Dse) -> None:
        tree("1", 10)
        said = dse("import", "runs", "--pattern", "{valeu}").said
        assert "'valeu' is kept, but no backend reads it; did you mean 'value'?" in said

    def test_where_no_design_has_results_the_exit_code_says_so(
        self, dse: Dse, tmp_path: Path
    ) -> None:
        (tmp_path / "runs").mkdir()
        cut_off = "<profile><ReportVersion><Version>2023.2</Version></ReportVersion>"
        (tmp_path / "runs" / "a_csynth.xml").write_text(cut_off)
        answer = dse("import", "runs")
        assert answer.code == 7
        assert "no design has results" in answer.said

    def test_a_manifest_that_was_cut_off(self, dse: Dse, tmp_path: Path) -> None:
        (tmp_path / "farm").mkdir()
        (tmp_path / "farm" / "dse-farm.json").write_text('{"format": 1, "stu')
        assert "dse-farm.json: is damaged or cut off" in dse("import", "farm").said

    def test_the_same_design_with_two_results(self, tree: Any, dse: Dse) -> None:
        tree("a/same", 10, value=1)
        tree("b/same", 20, value=1)
        answer = dse("import", "runs")
        assert answer.code == 4
        assert "the same design has latency_ns 20.0 here and 10.0 in" in answer.said

    def test_two_designs_at_one_point(self, tree: Any, dse: Dse, tmp_path: Path) -> None:
        tree("a", 10, value=1)
        tree("b", 10, value=1)
        answer = dse("import", "runs")
        assert answer.code == 4
        assert "is the same point as" in answer.said
        assert "--pattern or --map" in answer.said
        assert dse("import", "runs", "--pattern", "{run}").code == 0
        points = Results(str(tmp_path / "results.db")).points("runs")
        assert [p.parameters["run"] for p in points] == ["a", "b"]

    def test_one_clash_stops_no_other(self, tree: Any, dse: Dse, tmp_path: Path) -> None:
        """None of those that clash is taken; all are named, here and in the list."""
        tree("a", 10, value=1)
        tree("b", 20, value=1)
        tree("c/same", 30, value=2)
        tree("d/same", 40, value=2)
        tree("e", 50, value=3)
        answer = dse("import", "runs", "--list", "all.csv")
        assert answer.code == 4
        assert "runs: 1 new, 4 not taken" in answer.said
        assert latencies(tmp_path, "runs") == {3: 50}
        for name in ("runs/a", "runs/b", "c/same", "d/same"):
            assert f"{name}: " in answer.said
        with (tmp_path / "all.csv").open() as opened:
            rows = list(csv.DictReader(opened))
        assert [row["result"] for row in rows] == ["new", *["not taken"] * 4]
        assert rows[0]["path"] == str(tmp_path / "runs" / "e")
        assert all(row["reason"] for row in rows[1:])
        again = dse("import", "runs")
        assert "runs: 1 unchanged, 4 not taken" in again.said

    def test_one_bad_folder_stops_no_other(self, tree: Any, dse: Dse, tmp_path: Path) -> None:
        tree("2", 10, value=1)
        tree("3", 20, value=3)
        answer = dse("import", "runs", "--pattern", "{value}")
        assert answer.code == 4
        assert "value is 1 in" in answer.said
        assert latencies(tmp_path, "runs") == {3: 20}

    def test_a_failure_that_clashes_says_what_failed(
        self, tree: Any, dse: Dse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        failed = Failure(FailureKind.TOOL_FAILED, "the tool stopped")
        report = RunReport(Outcome(failure=failed), "noop 1", datetime.now(UTC))
        monkeypatch.setattr(NoopBackend, "read", lambda *_: report)
        tree("a", 10, value=1)
        tree("b", 10, value=1)
        answer = dse("import", "runs")
        assert "2 not taken" in answer.said
        assert answer.said.count("the tool stopped; and it is the same point as") == 2

    def test_files_that_were_not_used(
        self, tree: Any, dse: Dse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each is named with what it is; a long list is cut, the file has all."""
        tree("a", 10, value=1)
        files = {tmp_path / "runs" / f"{n:02}.rpt": "a report of noop" for n in range(30)}
        monkeypatch.setattr(NoopBackend, "report_files", lambda *_: files)
        monkeypatch.setattr(NoopBackend, "used_files", lambda *_: list(files)[:1])
        answer = dse("import", "runs", "--list", "all.csv")
        assert answer.code == 0
        assert "looks like a report, not used" in answer.said
        assert f"{tmp_path / 'runs' / '01.rpt'}: a report of noop" in answer.said
        assert "00.rpt" not in answer.said
        assert "9 more; --list FILE writes all" in answer.said
        assert (tmp_path / "all.csv").read_text().count("unused file") == 29

    def test_one_of_several_solutions(
        self, tree: Any, dse: Dse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number, name in enumerate(("p/s1", "p/s2"), 1):
            tree(name, number, value=number)
        places = [tmp_path / "runs" / "p" / name for name in ("s1", "s2")]
        monkeypatch.setattr(NoopBackend, "solutions", lambda *_: places)
        answer = dse("import", "runs")
        assert answer.code == 4
        assert "is one of several solutions of a project: s1, s2" in answer.said
        assert "--solution s1" in answer.said
        dse("import", "runs", "--solution", "s2")
        assert latencies(tmp_path, "runs") == {2: 2}

    def test_another_design_at_a_point_that_has_a_result(
        self, tree: Any, dse: Dse, tmp_path: Path
    ) -> None:
        tree("a", 10, value=1)
        dse("import", "runs")
        shutil.rmtree(tmp_path / "runs")
        tree("b", 20, value=1)
        answer = dse("import", "runs")
        assert answer.code == 4
        assert "another result, of another design or tool: value = 1" in answer.said
        assert dse("import", "runs", "--replace").code == 0

    def test_a_folder_without_results(self, dse: Dse, tmp_path: Path) -> None:
        (tmp_path / "runs").mkdir()
        assert "the folder holds no reports" in dse("import", "runs").said
        assert "there is no such folder" in dse("import", "nowhere").said

    def test_into_a_study_that_was_run(
        self, tree: Any, dse: Dse, run: Dse, write: Any, tmp_path: Path
    ) -> None:
        run(write(space={"value": [1, 2]}))
        tree("a", 20, value=2, sleep_s=0.5)
        assert "has another result" in dse("import", "runs", "--study", "s").said
        assert latencies(tmp_path) == {1: 1, 2: 2}
        assert dse("import", "runs", "--study", "s", "--replace").code == 0
        assert latencies(tmp_path) == {1: 1, 2: 20}
        tree("b", 30, value=3)
        answer = dse("import", "runs", "--study", "s", "--replace")
        assert answer.code == 4
        assert "the study has no such point: value = 3" in answer.said

    def test_what_a_studys_points_need_must_be_said(
        self, tree: Any, dse: Dse, run: Dse, write: Any
    ) -> None:
        run(write(space={"value": [1, 2]}))
        tree("a", 20, sleep_s=0.5)
        assert "no file or option gives its value" in dse("import", "runs", "--study", "s").said


class TestMistakes:
    def test_a_backend_the_study_has_not(self, dse: Dse, write: Any) -> None:
        answer = dse("emit", write(), "--backend", "vitis", "--out", "farm")
        assert answer.code == 2
        assert (
            "the study has no backend 'vitis' hint: add vitis to the backends of s.yaml"
            in answer.said
        )
        answer = dse("emit", write(), "--backend", "bittrue", "--out", "farm")
        assert "cannot be written hint: legal: noop" in answer.said
        answer = dse("emit", write(backends=["noop", "cpu"]), "--backend", "cpu", "--out", "farm")
        assert "can only run in dse hint: legal: noop" in answer.said

    def test_a_folder_with_something_else(self, dse: Dse, write: Any, tmp_path: Path) -> None:
        (tmp_path / "farm").mkdir()
        (tmp_path / "farm" / "thesis.tex").touch()
        answer = dse("emit", write(), "--backend", "noop", "--out", "farm")
        assert answer.code == 2
        assert "is not empty" in answer.said
        assert [p.name for p in (tmp_path / "farm").iterdir()] == ["thesis.tex"]

    def test_a_folder_of_another_study(self, emit: Any, dse: Dse, write: Any) -> None:
        emit()
        answer = dse("emit", write(name="t"), "--backend", "noop", "--out", "farm")
        assert "holds jobs of study 's'" in answer.said

    @pytest.mark.parametrize(
        "text",
        ["", "{", "[]", '{"format": 2}', '{"format": 1}', "[" * 100_000, "OUTSIDE", "POINT"],
    )
    def test_a_damaged_manifest(self, emit: Any, dse: Dse, text: str) -> None:
        """The message names a way back, and it works: jobs that have run are kept."""
        farm = emit()
        run_all(farm)
        manifest = farm / "dse-farm.json"
        tree = json.loads(manifest.read_text())
        if text == "OUTSIDE":
            tree["jobs"][0]["folder"] = "../elsewhere"
        if text == "POINT":
            tree["points"][0] = "abc"
        manifest.write_text(json.dumps(tree) if text in {"OUTSIDE", "POINT"} else text)
        answer = dse("import", "farm")
        assert answer.code == 4
        assert "dse-farm.json" in answer.said
        assert "dse emit STUDY --backend NAME --out" in answer.said
        emit()
        assert "3 new" in dse("import", "farm").said

    def test_a_farm_says_its_study_itself(self, emit: Any, dse: Dse) -> None:
        emit()
        assert "--study is not for a folder" in dse("import", "farm", "--study", "x").said
        assert "--map is not for a folder" in dse("import", "farm", "--map", "x").said

    @pytest.mark.parametrize("name", ["", "../x", "A b"])
    def test_a_name_that_is_none(self, dse: Dse, tmp_path: Path, name: str) -> None:
        (tmp_path / "runs" / "a").mkdir(parents=True)
        (tmp_path / "runs" / "a" / "done.json").write_text('{"value": 1}')
        answer = dse("import", "runs", "--study", name)
        assert answer.code == 2
        assert "is not a legal name of a study" in answer.said
