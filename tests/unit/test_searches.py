"""The comparison of search methods: shares on a space made by hand, and tools outside dse."""

import json
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest
import search_page
import search_runs
from search_outside import OUTSIDE, TOOLS, OutsideSearch
from search_runs import Run, explore, kept, started
from search_shares import Reference, summary
from searches import CONTENDERS, ENUMERATED, LARGE, SPACES

from dse.study.space import Space
from dse.study.validate import parse_study

SPACE = Space(
    parse_study(
        "workload: {name: w}\nbackends: [b]\nspace:\n"
        "  a: [1, 2, 3, 4]\n  fixed: [7]\n  b: [x, y, z]\nconstraints: [a < 4]\n"
    )
)
WAYS = ("maximise", "minimise")
VALUES = {
    (0, 0, 0): (1.0, 0.0),
    (1, 0, 0): (0.5, 0.0),
    (2, 0, 0): (1.0, 0.5),
    (0, 0, 1): (0.0, 1.0),
    (1, 0, 1): None,
}

TOOL = """
import sys
sys.path.insert(0, {folder!r})
from protocol import serve

class Search:
    def __init__(self, question):
        self.said = [list(question), []]
        self.designs = iter([[0, 0], [0, 0], [3, 0], [1, 1], [2, 2]])
    def ask(self):
        print("what a package prints is no answer")
        return next(self.designs, None)
    def tell(self, costs):
        self.said[1].append(costs)
        open({log!r}, "w").write(repr(self.said))

serve(Search)
"""


def test_shares_of_a_space_made_by_hand():
    reference = Reference.of(VALUES, WAYS)
    assert reference.volume == 1.0  # the first design is the best in both
    rows = [(1, 0, 1), (0, 0, 1), (1, 0, 0), (2, 0, 0), (0, 0, 0)]
    assert reference.shares(rows) == pytest.approx([0, 0, 0.5, 0.75, 1])


def test_what_seeds_tell():
    told = summary([np.array([0.5, 0.9, 1.0]), np.array([0.2, 0.99, 0.99])], 2)
    assert told["median"] == 0.945
    assert told["worst"] == 0.9
    assert told["reached"] == 1
    assert told["evaluations"] == [3, 2]
    assert told["quartiles"][1] == [0.35, 0.945, 0.995]


def test_a_tool_in_another_process_is_asked_and_told(tmp_path):
    script, log = tmp_path / "tool.py", tmp_path / "said"
    script.write_text(TOOL.format(folder=str(TOOLS), log=str(log)))
    evaluated = []

    def evaluate(rows):
        evaluated.append(rows)
        return (float(sum(rows)), 1.0)

    with closing(OutsideSearch([sys.executable, str(script)], SPACE, WAYS, 5, 4)) as search:
        run = explore(search, SPACE, evaluate, 4, 5)
        search.ask()  # its answer comes after it has taken in all that it was told
    assert run.rows[:3] == [(0, 0, 0), (1, 0, 1), (2, 0, 2)] == evaluated[:3]
    assert (run.repeated, run.illegal, run.by_chance) == (1, 1, 1)  # one drawn, when it had none
    assert len(set(run.rows)) == 4
    question, told = eval(log.read_text())
    assert question == [[4, 3], [True, False], 2, 5, 4]
    assert told[:4] == [[0.0, 1.0], [0.0, 1.0], None, [-2.0, 1.0]]


def test_a_tool_that_ends_is_an_error(tmp_path):
    script = tmp_path / "tool.py"
    script.write_text("")
    with (
        closing(OutsideSearch([sys.executable, str(script)], SPACE, WAYS, 5, 4)) as search,
        pytest.raises(RuntimeError, match=r"tool\.py"),
    ):
        search.ask()


def test_a_run_is_made_once(tmp_path):
    made = Run([(0, 0, 1)], 2, 3, 0, 0.5)
    assert kept(tmp_path / "runs" / "a.json", lambda: made) == made
    assert kept(tmp_path / "runs" / "a.json", pytest.fail) == made


@pytest.mark.parametrize("method", ["random", "layerwise"])
def test_a_method_of_dse_is_asked_like_the_others(method):
    with started(SPACE, method, WAYS, 0, 6) as asked:
        run = explore(asked, SPACE, lambda rows: (1.0, float(rows[0])), 6, 0)
    assert len(set(run.rows)) == 6
    assert (run.repeated, run.illegal) == (0, 0)


def test_every_contender_has_a_version_and_every_space_a_file():
    assert len({search_runs.version(one.name) for one in CONTENDERS}) >= len(OUTSIDE) + 2
    assert {file.stem for file in SPACES.glob("*.yaml")} == {*ENUMERATED, *LARGE}


def test_a_run_of_layerwise_depends_on_the_modules_that_layerwise_loads():
    code = "import sys, dse.search.layerwise; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.split() if name.startswith("dse.search.")}
    assert {f"dse.search.{name}" for name in search_runs.imported("layerwise")} == loaded


def test_the_page_and_picture_are_those_of_the_numbers():
    numbers = json.loads(search_page.NUMBERS.read_text())
    assert search_page.tables(numbers) in search_page.PAGE.read_text()
    assert search_page.picture(numbers) == search_page.PICTURE.read_text()
