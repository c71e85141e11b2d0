"""The JSON schema knows what the plug-ins read, and agrees with what `dse run` accepts."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from dse.contracts.errors import StudyError
from dse.contracts.parameters import Parameter
from dse.contracts.registry import Registry
from dse.study.schema import documented_arguments, parameter_schema, study_json_schema
from dse.study.validate import parse_binding

REGISTRY = Registry.installed()
STUDY = """\
workload: {name: tracking}
space:
  total_bits: 8
backends: [{name: open}]
"""
CHANGES = [
    # what replaces what, and whether the study is still legal
    ("total_bits: 8", "total_bits: [8, 12]", True),
    ("total_bits: 8", "total_bits: {values: [8, 12]}", True),
    ("total_bits: 8", "total_bits: {range: {start: 8, stop: 12}}", True),
    ("total_bits: 8", "n_phi: [8, 16]", True),
    ("total_bits: 8", "parallelization_factor: [1, null]", True),
    ("total_bits: 8", "layer_precision: [{'edge_block_*': 'fixed<8,3>'}, {}]", True),
    ("total_bits: 8", "total_bit: 8", False),
    ("total_bits: 8", "total_bits: 65", False),
    ("total_bits: 8", "total_bits: [8, 0]", False),
    ("total_bits: 8", "total_bits: {values: [8, wide]}", False),
    ("total_bits: 8", "total_bits: null", False),
    ("total_bits: 8", "rounding: NEAREST", False),
    ("name: open", "name: open, part: xcku115-flvb2104-2-i, time_limit_s: 60", True),
    ("name: open", "name: opn", False),
    ("[{name: open}]", "[opn]", False),
    ("name: open", "name: open, multipliers: vitis", False),
    ("name: open", "name: open, stage: impl", False),
    ("name: open", "name: open, clock_period_ns: 0", False),
    ("name: tracking", "name: tracking, pt_min_gev: 1", True),
    ("name: tracking", "name: trackng", False),
    ("name: tracking", "name: tracking, model: model.keras", False),
    ("name: tracking", "name: tracking, max_nodes: null", True),
    ("name: tracking", "name: tracking, epochs: null", False),
]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    made = study_json_schema(REGISTRY)
    jsonschema.Draft202012Validator.check_schema(made)
    return made


@pytest.mark.parametrize(("old", "new", "legal"), CHANGES, ids=[new for _, new, _ in CHANGES])
def test_the_schema_and_the_command_agree(
    schema: dict[str, Any], tmp_path: Path, old: str, new: str, legal: bool
) -> None:
    assert old in STUDY
    text = STUDY.replace(old, new)
    tree = YAML(typ="safe").load(text)
    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(tree))
    try:
        parse_binding(text, tmp_path / "s.yaml", REGISTRY)
        accepted = True
    except StudyError:
        accepted = False
    assert (accepted, errors == []) == (legal, legal), errors


def every_parameter() -> list[tuple[str, Parameter]]:
    workloads = [REGISTRY.workload_class(name) for name in REGISTRY.workload_names()]
    backends = [REGISTRY.backend_class(name) for name in REGISTRY.backend_names()]
    return [(kind.name, p) for kind in (*workloads, *backends) for p in kind.parameters]


@pytest.mark.parametrize(
    ("reader", "parameter"), every_parameter(), ids=lambda value: getattr(value, "name", value)
)
def test_every_parameter_is_described_and_its_default_is_legal(
    schema: dict[str, Any], reader: str, parameter: Parameter
) -> None:
    found = schema["$defs"]["WorkloadSection"]["allOf"] + schema["$defs"]["BackendSection"]["allOf"]
    described = [
        rule["then"]["properties"][parameter.name]
        for rule in found
        if rule["if"]["properties"]["name"]["const"] == reader
        and parameter.name in rule["then"]["properties"]
    ]
    assert described
    assert parameter.name in schema["properties"]["space"]["anyOf"][0]["properties"]
    for one in described:
        assert one["description"].startswith(parameter.description)
        default_given = parameter.default is not None or parameter.optional
        assert jsonschema.Draft202012Validator(one).is_valid(parameter.default) == default_given


def test_a_plugin_that_cannot_be_imported_does_not_make_studies_illegal() -> None:
    from dse.contracts.errors import ToolMissingError

    def broken() -> Any:
        raise ToolMissingError("its package is missing")

    tracking = REGISTRY.workload_class("tracking")
    registry = Registry({"broken": broken}, {"tracking": lambda: tracking})
    validator = jsonschema.Draft202012Validator(study_json_schema(registry))
    study = {"workload": {"name": "tracking"}, "backends": [{"name": "broken", "effort": 3}]}
    assert validator.is_valid({**study, "space": {"effort": [1, 2]}})
    assert not validator.is_valid({**study, "space": {"epochs": [0]}})


def test_bounds_of_whole_and_broken_numbers() -> None:
    whole = parameter_schema(Parameter("n", int, 1, "how many", minimum=1))
    assert (whole["type"], whole["minimum"]) == ("integer", 1)
    broken = parameter_schema(Parameter("x", float, None, "how far", unit="mm", optional=True))
    assert (broken["type"], broken["description"]) == (["number", "null"], "how far [mm]")


def test_every_key_of_a_study_has_a_description(schema: dict[str, Any]) -> None:
    sections = {"Study": schema, **schema["$defs"]}
    missing = [
        f"{name}.{key}"
        for name, section in sections.items()
        for key, part in section.get("properties", {}).items()
        if not (part.get("description") or part.get("anyOf", [{}])[0].get("description"))
    ]
    assert missing == []


def test_arguments_are_read_from_a_docstring() -> None:
    class Two:
        """Two things.

        Args:
            one: the first,
                in two lines.
            other: the second.

        Raises:
            ValueError: never.
        """

    assert documented_arguments(Two) == {"one": "the first, in two lines.", "other": "the second."}
