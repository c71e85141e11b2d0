"""A study against the plug-ins it names: who reads what, and whether it is legal."""

from pathlib import Path

import pytest

from dse.contracts.backend import Backend, Outcome, Probe, Resources
from dse.contracts.errors import StudyError, ToolMissingError
from dse.contracts.metrics import Fidelity
from dse.contracts.parameters import Parameter
from dse.contracts.registry import Registry
from dse.contracts.workload import Workload
from dse.study.validate import bind, load_binding, load_study, parse_binding, parse_study

BITS = Parameter("total_bits", int, 16, "width", minimum=2, maximum=32)
WHOLE = Parameter("integer_bits", int, 6, "bits before the point")
REUSE = Parameter("reuse_factor", int, 1, "multiplications per multiplier", minimum=1)
STRATEGY = Parameter("strategy", str, "latency", "", choices=("latency", "resource"))
CLOCK = Parameter("clock_period_ns", float, 5.0, "", unit="ns", minimum=0.1)
LAYERS = Parameter("layer_precision", dict, {}, "")


class Fake(Backend):
    fidelity = Fidelity.EMULATED
    version = 1
    metrics = ()
    scores = False

    def probe(self):
        return Probe(True, self.name)

    def plan(self, job):
        return Resources()

    def evaluate(self, job, context):
        return Outcome()


class Bittrue(Fake):
    name = "bittrue"
    parameters = (BITS, WHOLE, LAYERS)
    scores = True


class Estimate(Fake):
    name = "estimate"
    parameters = (
        Parameter("total_bits", int, 16, "width", minimum=4),
        REUSE,
        STRATEGY,
        CLOCK,
        Parameter("part", str, "xcvu9p", ""),
        Parameter("rounding", str, "TRN", ""),
    )
    metrics = ("latency_ns", "shift_registers")

    def check(self, parameters):
        raise AssertionError("not called at load")


class Tracking(Workload):
    name = "tracking"
    version = 1
    metrics = ("edge_purity",)
    parameters = (
        Parameter("network", str, "a", "", choices=("a", "interaction_network")),
        Parameter("pt_min_gev", float, 2.0, "", minimum=0),
        Parameter("max_nodes", int, None, "", optional=True),
        *(
            Parameter(name, int, 1, "")
            for name in ("passes", "n_phi", "n_eta", "max_edges", "seed")
        ),
        *(Parameter(name, int, 1, "") for name in ("n_train_events", "n_test_events")),
    )

    def fingerprint(self, parameters):
        return ""

    def prepare(self, parameters, directory, progress):
        raise NotImplementedError

    def score(self, prepared, outputs, fidelity):
        return ()


def _broken():
    raise ToolMissingError("the backend 'broken' cannot be imported")


REGISTRY = Registry(
    {"bittrue": lambda: Bittrue, "estimate": lambda: Estimate, "broken": _broken},
    {"tracking": lambda: Tracking},
)

GOOD = """\
workload:
  name: tracking
  network: interaction_network
space:
  total_bits: [8, 12]
  integer_bits: {coupled: total_bits / 2}
  reuse_factor: {log2: {start: 1, stop: 2}}
  pt_min_gev: 1
backends:
  - bittrue
  - name: estimate
    part: xcku115
    time_limit_s: 600
objectives:
  - auc
  - {metric: edge_purity, direction: maximise}
  - {metric: shift_registers, direction: minimise}
"""


def bound(text=GOOD, overrides=()):
    return bind(parse_study(text, Path("s.yaml"), overrides), REGISTRY)


def test_everyone_gets_what_they_read():
    binding = bound()
    points = list(binding.space.points())
    assert len(points) == 4
    assert points[3] == {"total_bits": 12, "integer_bits": 6, "reuse_factor": 2, "pt_min_gev": 1}
    assert binding.backend_parameters("bittrue", points[3]) == {
        "total_bits": 12,
        "integer_bits": 6,
        "layer_precision": {},
    }
    assert binding.backend_parameters("estimate", points[3]) == {
        "total_bits": 12,
        "reuse_factor": 2,
        "strategy": "latency",
        "clock_period_ns": 5.0,
        "part": "xcku115",
        "rounding": "TRN",
    }
    workload = binding.workload_parameters(points[3])
    assert workload.keys() == {parameter.name for parameter in Tracking.parameters}
    assert (workload["network"], workload["pt_min_gev"]) == ("interaction_network", 1.0)
    assert type(workload["pt_min_gev"]) is float
    assert workload["max_nodes"] is None


def test_classes_directions_limits_and_readers():
    binding = bound()
    assert binding.workload is Tracking
    assert list(binding.backends.items()) == [("bittrue", Bittrue), ("estimate", Estimate)]
    assert list(binding.objectives.items()) == [
        ("auc", "maximise"),
        ("edge_purity", "maximise"),
        ("shift_registers", "minimise"),
    ]
    assert binding.limited("estimate", Resources()).time_limit_s == 600
    assert binding.limited("estimate", Resources()).isolated
    assert binding.limited("bittrue", Resources()) == Resources()
    assert binding.readers("total_bits") == ("bittrue", "estimate")
    assert binding.readers("pt_min_gev") == ("tracking",)
    assert binding.readers("part") == ("estimate",)


def test_objective_direction_can_be_turned():
    text = GOOD.replace("  - auc\n", "  - {metric: auc, direction: minimise}\n")
    assert bound(text).objectives["auc"] == "minimise"


def test_an_objective_may_name_its_backend():
    text = GOOD.replace("  - auc\n", "  - bittrue.auc\n  - estimate.lut_pct\n")
    objectives = list(bound(text).objectives.items())
    assert objectives[:2] == [("bittrue.auc", "maximise"), ("estimate.lut_pct", "minimise")]


def test_no_space_has_one_point_of_defaults():
    binding = bound("workload: {name: tracking}\nbackends: [bittrue]\n")
    (point,) = binding.space.points()
    assert binding.backend_parameters("bittrue", point)["total_bits"] == 16


WRONG = [
    # what is changed in GOOD, by what, line, path, message, hint
    (
        "name: tracking",
        "name: trackin",
        2,
        "workload.name",
        "no workload",
        "did you mean 'tracking'",
    ),
    ("- bittrue", "- bitrue", 10, "backends.0", "no backend 'bitrue'", "did you mean 'bittrue'"),
    ("name: estimate", "name: x", 11, "backends.1.name", "'x'", "legal: bittrue, broken, estimate"),
    ("network:", "netwrk:", 3, "workload.netwrk", "does not read 'netwrk'", "mean 'network'"),
    ("interaction_network", "interaction", 3, "workload.network", "is not legal", ""),
    ("part: xc", "prt: xc", 12, "backends.1.prt", "does not read 'prt'", "did you mean 'part'"),
    ("part: xcku115", "part: 5", 12, "backends.1.part", "should be a string", ""),
    ("part: xc", "pt_min_gev: 1 #", 12, "backends.1.pt_min_gev", "does not read", "legal: clock"),
    ("part: xcku115", "total_bits: 8", 12, "backends.1.total_bits", "also at s.yaml:5", "keep one"),
    ("network: interaction_network", "pt_min_gev: 2", 3, "workload.pt_min_gev", "s.yaml:8", "keep"),
    ("[8, 12]", "[8, x]", 5, "space.total_bits.1", "'x' should be a whole number", ""),
    ("[8, 12]", "{values: [8, x]}", 5, "space.total_bits.values.1", "should be a whole", ""),
    ("[8, 12]", "[8, 64]", 5, "space.total_bits.1", "above its maximum 32", ""),
    ("[8, 12]", "[2, 8]", 5, "space.total_bits.0", "below its minimum 4", ""),
    ("[8, 12]", "[8.5, 12]", 5, "space.total_bits.0", "should be a whole number", ""),
    ("[8, 12]", "{range: {start: 32, stop: 33}}", 5, "space.total_bits", "33 is above", ""),
    ("[8, 12]", "[7, 12]", 6, "space.integer_bits", "integer_bits = 3.5 should be", ""),
    ("pt_min_gev: 1", "pt_min_gev: -1", 8, "space.pt_min_gev", "below its minimum 0", ""),
    (
        "reuse_factor:",
        "reuse_facto:",
        7,
        "space.reuse_facto",
        "neither",
        "did you mean 'reuse_factor'",
    ),
    (
        "reuse_factor:",
        "colour:",
        7,
        "space.colour",
        "reads 'colour'",
        "bittrue reads integer_bits, l",
    ),
    ("- auc", "- auk", 15, "objectives.0", "no metric 'auk'", "did you mean 'auc'"),
    ("- auc", "- bittrue.auk", 15, "objectives.0", "no metric 'auk'", "did you mean 'auc'"),
    (
        "- auc",
        "- bitrue.auc",
        15,
        "objectives.0",
        "'bitrue' is no backend of this study",
        "did you mean 'bittrue'",
    ),
    (
        "registers, direction: minimise",
        "registers",
        17,
        "objectives.2",
        "needs a direction",
        "or max",
    ),
]


@pytest.mark.parametrize(("old", "new", "line", "path", "says", "hint"), WRONG)
def test_wrong_study(old, new, line, path, says, hint):
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    with pytest.raises(StudyError) as caught:
        bound(text)
    error = caught.value
    assert error.where == f"s.yaml:{line} ({path})"
    assert says in error.message
    assert hint in error.hint


def test_all_mistakes_at_once_and_each_once():
    text = GOOD.replace("[8, 12]", "[1, x]").replace("- auc", "- auk").replace("network:", "n:")
    text = text.replace("{coupled: total_bits / 2}", "{coupled: total_bit / 2}")
    text = text.replace("- bittrue", "- bittru")
    with pytest.raises(StudyError) as caught:
        parse_binding(text, Path("s.yaml"), REGISTRY)
    places = [line.split(": ")[0] for line in str(caught.value).splitlines() if "s.yaml:" in line]
    assert places == [
        "s.yaml:6 (space.integer_bits.coupled)",
        "s.yaml:10 (backends.0)",
        "s.yaml:3 (workload.n)",
        "s.yaml:5 (space.total_bits.0)",
        "s.yaml:5 (space.total_bits.1)",
    ]


def test_load_checks_only_with_a_registry(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(GOOD)
    assert load_binding(path, (), REGISTRY).study.name == "s"
    path.write_text(GOOD.replace("- auc", "- auk"))
    assert load_study(path).name == "s"
    with pytest.raises(StudyError, match="no metric 'auk'"):
        load_binding(path, (), REGISTRY)


def test_overridden_values_are_blamed_on_the_override():
    with pytest.raises(StudyError) as caught:
        bound(overrides=["space.total_bits.values=[8, 99]"])
    where = "--set space.total_bits.values=[8, 99] (space.total_bits.values.1)"
    assert caught.value.where == where


def test_constraints_can_exclude_what_a_coupling_cannot_do():
    text = GOOD.replace("[8, 12]", "[7, 8]") + "constraints: [total_bits % 2 == 0]\n"
    binding = bound(text)
    assert {point["integer_bits"] for point in binding.space.points()} == {4}
    with pytest.raises(StudyError, match=r"3\.5 should be a whole number at the point") as caught:
        binding.backend_parameters("bittrue", binding.space.at([0, 0, 0]))
    assert caught.value.where == "s.yaml:6 (space.integer_bits)"


def test_an_empty_space_is_met_at_binding():
    with pytest.raises(StudyError, match="'total_bits > 12' rejects 4"):
        bound(GOOD + "constraints: [total_bits > 12]\n")


def test_a_plugin_that_does_not_import_is_passed_on():
    with pytest.raises(ToolMissingError, match="'broken'"):
        bound(GOOD.replace("- bittrue", "- broken"))


def test_dict_parameter_as_values():
    text = "workload: {name: tracking}\nbackends: [bittrue]\nspace:\n"
    text += "  layer_precision: {values: [{a: 8}, {b: 4}]}\n"
    binding = bound(text)
    given = [
        binding.backend_parameters("bittrue", p)["layer_precision"] for p in binding.space.points()
    ]
    assert given == [{"a": 8}, {"b": 4}]


def test_starter_binds():
    starter = Path(__file__).parents[3] / "dse" / "cli" / "starter.yaml"
    assert bind(load_study(starter), REGISTRY).space.size == 15


def test_a_grid_that_no_one_could_run_is_refused_at_once():
    axes = dict.fromkeys(("seed", "passes", "n_phi"), "{range: {start: 1, stop: 2000}}")
    space = "\n".join(f"  {name}: {values}" for name, values in axes.items())
    text = f"workload: {{name: tracking}}\nbackends: [bittrue]\nspace:\n{space}\n"
    with pytest.raises(StudyError, match=r"the space has 8e\+09 points") as caught:
        parse_binding(text, Path("s.yaml"), REGISTRY)
    assert caught.value.where.startswith("s.yaml:")
