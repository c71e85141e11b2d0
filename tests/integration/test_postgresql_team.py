"""A team's PostgreSQL server: restarts, roles, a full disk, two runs and a dashboard at once."""

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from pwd import getpwnam

import pytest
from drivers import finish, start
from postgres import Server, postgres_files, postgres_server
from sqlalchemy import func, select

from dashboards.source import Source
from dse.contracts.backend import Outcome
from dse.contracts.errors import Failure, FailureKind, StoreError
from dse.store import patience
from dse.store.queries import Results
from dse.store.schema import EvaluationRow
from dse.store.store import Store
from dse.testing.stores import STUDY, evaluation

ROOT = Path(__file__).parents[2]

SPACE = """
name: team
workload: {name: noop}
space:
  value: {range: {start: 1000, stop: 1119}}
  sleep_s: 0.02
backends: [noop]
objectives: [latency_ns]
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres_server() as running:
        yield running


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "s.yaml").write_text(SPACE)
    return tmp_path


def arguments(database: str) -> list[str]:
    return ["run", "s.yaml", "--executor", "serial", "--db", database]


def evaluations(database: str) -> int:
    try:
        with closing(Results(database)) as results:
            return int(results.rows(select(func.count(EvaluationRow.id)))[0][0])
    except StoreError:  # no run has made the tables yet
        return 0


def wait_until(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_whole(database: str) -> None:
    with closing(Results(database)) as results:
        points = results.points("team")
        assert results.study("team").state == "done"
    values = {point.parameters["value"]: point.metrics[0].value for point in points}
    assert values == {value: float(value) for value in range(1000, 1120)}


def test_two_runs_and_a_dashboard_outlive_a_restart(server: Server, study: Path) -> None:
    """The server is away for two seconds: the runs wait, and the dashboard shows on afterwards."""
    database = server.new()
    runs = [start(arguments(database), study, study / f"{i}.log") for i in range(2)]
    wait_until(lambda: evaluations(database) >= 10)
    dashboard = Source(database)
    assert dashboard.study("team").state == "running"
    server.stop()
    with pytest.raises(StoreError, match="does not answer"):
        dashboard.stamp()
    time.sleep(2.0)
    server.start()
    dashboard.stamp()
    assert finish(runs) == [0, 0], [(study / f"{i}.log").read_text() for i in range(2)]
    is_whole(database)
    dashboard.stamp()
    assert dashboard.study("team").evaluations == 120
    dashboard.results.close()
    assert not list(study.glob("*rescued*"))


def test_a_search_outlives_a_restart(server: Server, study: Path) -> None:
    (study / "s.yaml").write_text(
        SPACE + "search: {method: random, batch: 4, budget: {points: 60}, seed: 1}\n"
    )
    database = server.new()
    run = start(arguments(database), study, study / "log")
    wait_until(lambda: evaluations(database) >= 10)
    server.stop()
    time.sleep(1.0)
    server.start()
    assert finish([run]) == [0], (study / "log").read_text()
    assert evaluations(database) == 60


def test_patience_ends(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE_S", 1.0)
    with postgres_server() as server:
        database = server.new()
        monkeypatch.chdir(study)
        store = Store(database)
        store.save_study(STUDY)
        server.stop()
        with pytest.raises(StoreError, match="does not answer"):
            store.save_study(STUDY)
        store.close()


TEAM = ROOT / "docs" / "how-to" / "team-server.md"


@pytest.fixture(scope="module")
def team(server: Server) -> Server:
    """The server of a team: database `results`, two who write, and one who reads."""
    (block,) = re.findall(r"```sql\n(.*?)```", TEAM.read_text(), re.DOTALL)
    server.run_script(block)
    return server


def test_roles_of_the_page(team: Server, study: Path) -> None:
    """Two people write to tables that the other one made; who reads can do nothing else."""
    for user in ("ana", "bob"):
        text = SPACE.replace("name: team", f"name: of_{user}")
        (study / "s.yaml").write_text(text)
        run = start(arguments(team.url("results", user)), study, study / "log")
        assert finish([run]) == [0], (study / "log").read_text()
    reader = team.url("results", "viewer")
    with closing(Results(reader)) as results:
        assert {study.name for study in results.studies()} == {"of_ana", "of_bob"}
        assert len(results.points("of_bob")) == 120
    # views are made again by every run
    rows = team.sql("SET ROLE viewer", "SELECT count(*) FROM v_points", database="results")
    assert [tuple(row) for row in rows] == [(240,)]
    with pytest.raises(StoreError, match="does not allow this: permission denied") as caught:
        write_to(reader)
    assert "the role that writes" in caught.value.hint
    no_right_to_read(team, reader)


def no_right_to_read(team: Server, reader: str) -> None:
    """Who may not even read is not sent for the right to write; the page's last line mends it."""
    of_tables = "ON ALL TABLES IN SCHEMA public"
    team.sql(f"REVOKE SELECT {of_tables} FROM dse_readers", database="results")
    with pytest.raises(StoreError, match="does not allow this: permission denied") as caught:
        Results(reader)
    assert "may not read" in caught.value.hint
    team.sql(f"GRANT SELECT {of_tables} TO dse_readers", database="results")
    Results(reader).close()


def test_each_has_studies_of_their_own(team: Server, study: Path) -> None:
    """Equal names, different files: no point moves, no result is made twice."""
    for user, last in (("ana", 1009), ("bob", 1011)):
        (study / "s.yaml").write_text(SPACE.replace("1119", str(last)).replace("0.02", "0.0"))
        log = study / "log"
        run = start(arguments(team.url("results", user)), study, log)
        assert finish([run]) == [0], log.read_text()
    assert "2 evaluations done, 10 were stored" in log.read_text()
    own = {}
    for user in ("ana", "bob", "viewer"):
        with closing(Results(team.url("results", user))) as results:
            own[user] = results.study("team")
            assert results.study("team@ana").name == "team"
    assert [(one.name, one.owner, one.points) for one in own.values()] == [
        ("team", "ana", 10), ("team@bob", "bob", 12), ("team", "ana", 10),
    ]  # fmt: skip
    finish([start(["status", "--db", team.url("results", "viewer")], study, log)])
    shown = [line.strip("│ ").split() for line in log.read_text().splitlines()]
    rows = {(words[0], words[-1]) for words in shown if words}
    assert rows >= {("team", "ana"), ("team@bob", "bob")}
    taken_home(team.url("results", "bob"), study)


def taken_home(database: str, folder: Path) -> None:
    """What a person takes home and brings back goes to the studies that it came from."""
    Store(str(folder / "home.db")).close()
    for _ in range(2):
        log = folder / "log"
        sync = start(["sync", "home.db", "--db", database], folder, log)
        assert finish([sync]) == [0], log.read_text()
    with closing(Results(database)) as results:
        found = {one.name: (one.owner, one.points) for one in results.studies()}
    assert {name for name in found if name.startswith("team")} == {"team", "team@bob"}
    assert (found["team"], found["team@bob"]) == (("ana", 10), ("bob", 12))
    with closing(Results(str(folder / "home.db"))) as results:
        assert {one.name for one in results.studies()} >= {"team", "team@ana"}
        assert results.study("team").points == 12


def write_to(database: str) -> None:
    with closing(Store(database)) as store:
        store.save_study(STUDY)


@pytest.mark.parametrize(
    ("database", "user", "says"),
    [
        ("results", "nobody_known", "does not let you in"),
        ("elsewhere", "ana", "has no such database"),
    ],
)
def test_wrong_roles_and_names(team: Server, database: str, user: str, says: str) -> None:
    for kind in (Store, Results):
        before = time.monotonic()
        with pytest.raises(StoreError, match=says):
            kind(team.url(database, user)).close()
        assert time.monotonic() - before < 10  # nothing to wait for


def test_a_full_disk(study: Path) -> None:
    """The message says what is full; the server goes on, and what was stored stays."""
    if subprocess.run(["unshare", "-m", "setpriv", "true"], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    with postgres_files() as server:
        small = server.folder / "small"
        small.mkdir()
        # in a mount namespace of the server: the disk ends with it
        user = getpwnam("nobody")
        mounted = f"mount -t tmpfs -o size=12m,mode=0700,uid={user.pw_uid} small {small}"
        drop = f"setpriv --reuid {user.pw_uid} --regid {user.pw_gid} --clear-groups"
        server.start(["unshare", "-m", "sh", "-c", f'{mounted} && exec {drop} "$@"', "sh"])
        server.sql(f"CREATE TABLESPACE small LOCATION '{small}'")
        database = server.new("TABLESPACE small")
        with closing(Store(database)) as store:
            (point,) = store.save_points(store.save_study(STUDY), [{"bits": 8}])
            with pytest.raises(StoreError, match="disk of the database server is full"):
                record_many(store, point.id)
            server.sql("CREATE TABLE gone ()", "DROP TABLE gone")  # it goes on
            stored = evaluations(database)
            assert stored > 10
            assert set(store.known([str(n) for n in range(stored)])) == set(map(str, range(stored)))


def record_many(store: Store, point: int) -> None:
    """Store evaluations whose logs do not compress, one after the other."""
    for key in map(str, range(1000)):
        log = json.dumps([hash((key, i)) for i in range(2000)])
        failure = Failure(FailureKind.TOOL_FAILED, "failed", log=log)
        store.record([evaluation(key, Outcome(failure=failure))], {key: [point]})
