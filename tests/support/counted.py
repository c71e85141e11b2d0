"""A backend that writes down every evaluation it begins, and a study of it."""

import json
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

_CODE = '''
"""A plug-in: as noop, and a line for every evaluation that begins."""

import os
from typing import ClassVar

from dse.testing.noop import NoopBackend

LOG = {log!r}
TURN = os.environ.get({turn!r}, "0")  # of the run, or of the node, that started this process


class CountedBackend(NoopBackend):
    name: ClassVar[str] = "counted"

    def evaluate(self, job, context):
        line = f"{{TURN}} {{job.parameters['value']}}\\n".encode()
        file = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, line)  # at once, also from several processes
        os.close(file)
        return super().evaluate(job, context)
'''

TURN = "COUNTED_TURN"
"""Variable with the number of the run that starts a process."""

_STUDY = """
name: killed
workload: {{name: noop}}
space:
  value: {{range: {{start: 0, stop: {last}}}}}
  sleep_s: {sleep_s}
backends: [counted]
"""


class Counted:
    """A folder with the plug-in and a study, in which `dse run` works.

    Args:
        folder: for all of it; nodes of a cluster have to see it.
        points: of the study.
        sleep_s: time that an evaluation takes.
    """

    def __init__(self, folder: Path, points: int, sleep_s: float) -> None:
        self.folder, self.points = folder, points
        self._log = folder / "begun.log"
        self._log.touch()
        self._marks: list[tuple[int, int, set[int]]] = []
        self.turn = 0
        """Number of the run that goes on, or that comes next; tests raise it."""
        plugin = folder / "plugin"
        metadata = plugin / "dse_counted-1.dist-info"
        metadata.mkdir(parents=True)
        (plugin / "dse_counted").mkdir()
        (plugin / "dse_counted" / "__init__.py").write_text(
            _CODE.format(log=str(self._log), turn=TURN)
        )
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: dse-counted\nVersion: 1\n")
        (metadata / "RECORD").write_text("dse_counted-1.dist-info/entry_points.txt,,\n")
        entry = "[dse.backends]\ncounted = dse_counted:CountedBackend\n"
        (metadata / "entry_points.txt").write_text(entry)
        (folder / "s.yaml").write_text(_STUDY.format(last=points - 1, sleep_s=sleep_s))

    @property
    def environment(self) -> dict[str, str]:
        """Variables of a run, whose Python finds the plug-in."""
        found = [str(self.folder / "plugin"), os.environ.get("PYTHONPATH", "")]
        path = os.pathsep.join(filter(None, found))
        return {**os.environ, "PYTHONPATH": path, TURN: str(self.turn)}

    def rows(self) -> list[tuple[Any, ...]]:
        """Point, parameters, key, status, metric and value of all that is stored."""
        query = """
            SELECT point.number, point.parameters, evaluation.key, evaluation.status, metric.value
            FROM point JOIN point_evaluation ON point_evaluation.point_id = point.id
            JOIN evaluation ON evaluation.id = point_evaluation.evaluation_id
            LEFT JOIN metric ON metric.evaluation_id = evaluation.id ORDER BY point.number
        """
        uri = f"file:{self.folder}/results.db?mode=ro"
        try:
            with closing(sqlite3.connect(uri, uri=True, timeout=30)) as connection:
                return connection.execute(query).fetchall()
        except sqlite3.OperationalError:  # not created yet
            return []

    def stored(self) -> set[int]:
        """The values whose results are stored."""
        return {json.loads(row[1])["value"] for row in self.rows() if row[3] == "done"}

    def begun(self) -> list[tuple[int, int]]:
        """All evaluations that have begun, in order: the run that asked for them, the value."""
        lines = self._log.read_text().splitlines()
        return [(int(turn), int(value)) for turn, value in map(str.split, lines)]

    def mark(self, *, ends_run: bool = False) -> None:
        """Note what is stored now, just before a kill.

        Args:
            ends_run: whether the driver dies of it. Its workers may outlive it by some seconds on
                a busy machine, and begin what they have in hand while the next run does the same.
        """
        stored = self.stored()
        first = self.turn + 1 if ends_run else self.turn
        self._marks.append((len(self.begun()), first, stored))

    def check(self) -> int:
        """Check that all is stored once and right, and that no run did again what was stored.

        Returns:
            How many evaluations were repeated.
        """
        rows = self.rows()
        assert [(number, status) for number, _, _, status, _ in rows] == [
            (number, "done") for number in range(self.points)
        ]
        assert all(json.loads(text)["value"] == value for _, text, _, _, value in rows)
        assert len({row[2] for row in rows}) == self.points
        begun = self.begun()
        for place, first, stored in self._marks:
            after = {value for turn, value in begun[place:] if turn >= first}
            assert not stored & after, "what was stored was done again"
        assert {value for _, value in begun} == set(range(self.points))
        return len(begun) - self.points


def command(python: str, *options: str) -> Sequence[str]:
    """Return the command of a run of the study."""
    return [python, "-m", "dse.cli.main", "run", "s.yaml", *options]
