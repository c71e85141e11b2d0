"""What `estimate` stores for a vendor's tool: numbers, their origin, and what is unknown."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden_designs import Design, activation, dense, given, spread
from golden_results import job_for, without_keras

from backends.hls4ml.estimate.backend import EstimateBackend
from backends.modelgraph.network import Network
from backends.modelgraph.vendor_hls.tools import RULE_SET
from dse.contracts.backend import Outcome
from dse.contracts.errors import EvaluationError
from dse.contracts.metrics import Fidelity
from dse.contracts.parameters import complete

Evaluate = Callable[..., Outcome]
STORED: dict[str, Any] = {
    "part": "xcu250-figd2104-2L-e",
    "reuse_factor": 64,
    "strategy": "resource",
    "layer_precision": {"a": {"weight": "fixed<8,2>"}},
}


def _row(*layers: Any) -> Network:
    return Network([given("x", 32), *layers], ["x"], [layers[-1]["name"]])


ONE = _row(dense("a", "x", 32, 32))
RELU = _row(dense("a", "x", 32, 32), activation("a_relu", "relu", "a"))
SOFTMAX = _row(dense("a", "x", 32, 32), activation("a_softmax", "softmax", "a"))
ELU = _row(dense("a", "x", 32, 32), activation("a_elu", "elu", "a"))


@pytest.fixture
def evaluate(tmp_path: Path) -> Evaluate:
    def run(network: Network, **parameters: Any) -> Outcome:
        design = Design(network, [spread(1, 8, 32)], parameters)
        job, context = job_for(EstimateBackend(), design, tmp_path)
        with without_keras(network):
            return EstimateBackend().evaluate(job, context)

    return run


def test_open_stays_an_estimate_without_intervals(evaluate: Evaluate) -> None:
    outcome = evaluate(ONE, tool="open")
    assert {m.fidelity for m in outcome.metrics} == {Fidelity.ESTIMATE}
    assert not any(m.low or m.high for m in outcome.metrics)


def test_predicted_numbers_have_intervals_and_say_where_they_come_from(evaluate: Evaluate) -> None:
    outcome = evaluate(ONE, tool="vivado_hls-2020.1", **(STORED | {"reuse_factor": 512}))
    found = {m.name: m for m in outcome.metrics}
    assert set(found) == {
        "lut", "ff", "dsp", "bram_18k",
        "latency_cycles", "latency_ns", "interval_cycles", "interval_ns",
    }  # fmt: skip
    for metric in outcome.metrics:
        assert metric.fidelity is Fidelity.PREDICTED
        assert metric.low <= metric.value <= metric.high
    assert (found["dsp"].value, found["latency_cycles"].value) == (2, 513)
    provenance = outcome.effective["predicted"]
    assert provenance["tool"] == "vivado_hls-2020.1"
    assert provenance["designs"] == 819
    assert outcome.effective["unknown"] == {}
    assert "warnings" not in outcome.effective


def test_outside_the_data_a_number_says_so(evaluate: Evaluate) -> None:
    inside = evaluate(ONE, tool="vivado_hls-2020.1", **(STORED | {"reuse_factor": 512}))
    outside = evaluate(ONE, tool="vivado_hls-2020.1", **(STORED | {"reuse_factor": 256}))
    said = " ".join(outside.effective["warnings"])
    assert "lut is extrapolated: layer 'a': reuse factor 256 (data: 384 to 1280)" in said
    spread = [
        next(m.high / m.low for m in outcome.metrics if m.name == "lut")
        for outcome in (inside, outside)
    ]
    assert spread[1] > spread[0]


def test_too_far_outside_there_is_no_number(evaluate: Evaluate) -> None:
    outcome = evaluate(ONE, tool="vivado_hls-2020.1", **STORED)
    assert "lut" not in {m.name for m in outcome.metrics}
    assert "reuse factor 64 (data: 384 to 512)" in outcome.effective["unknown"]["lut"]
    assert any(text.startswith("no lut: ") for text in outcome.effective["warnings"])


CONSTANT: dict[str, Any] = {"part": "xcu250-figd2104-2L-e", "reuse_factor": 1}


def test_the_newest_tool_is_the_default_for_its_parts(evaluate: Evaluate) -> None:
    outcome = evaluate(SOFTMAX, **CONSTANT)
    assert {m.fidelity for m in outcome.metrics} == {Fidelity.PREDICTED}
    assert outcome.effective["tool"] == "vitis_hls-2023.2"
    assert {"lut", "dsp", "latency_ns"} <= {m.name for m in outcome.metrics}
    assert any("lut is extrapolated" in text for text in outcome.effective["warnings"])
    asked = evaluate(SOFTMAX, **CONSTANT, tool="vitis_hls-2023.2")
    assert [(m.name, m.value, m.low, m.high) for m in asked.metrics] == [
        (m.name, m.value, m.low, m.high) for m in outcome.metrics
    ]


def test_what_the_default_cannot_predict_is_estimated_and_says_why(evaluate: Evaluate) -> None:
    outcome = evaluate(ELU, **CONSTANT)
    assert {m.fidelity for m in outcome.metrics} == {Fidelity.ESTIMATE}
    assert outcome.effective["tool"] == "open"
    (said,) = [text for text in _warnings(outcome) if text.startswith("tool: auto takes open")]
    assert "layer 'a_elu'" in said


@pytest.mark.parametrize(
    ("changed", "tool"),
    [
        ({}, "auto"),
        ({"io_type": "io_stream"}, "open"),
        ({"strategy": "resource"}, "open"),
        ({"part": "LFE5U-85F"}, "open"),
        ({"part": "10AX115S2F45I2SGES"}, "open"),
    ],
)
def test_parts_of_others_streams_and_memories_are_estimated(changed: Any, tool: str) -> None:
    made = EstimateBackend().canonical(complete(EstimateBackend.parameters, CONSTANT | changed))
    assert made["tool"] == tool


def test_another_version_takes_the_rules_of_its_neighbour_and_says_so(evaluate: Evaluate) -> None:
    known = evaluate(ONE, tool="vivado_hls-2020.1", **CONSTANT)
    older = evaluate(ONE, tool="vivado_hls-2019", **CONSTANT)
    dsp = [next(m for m in o.metrics if m.name == "dsp") for o in (known, older)]
    assert dsp[0].value == dsp[1].value
    assert dsp[1].high > dsp[1].value
    assert "ff" not in {m.name for m in older.metrics}
    assert any("rules of vivado_hls-2020.1 for vivado_hls-2019" in w for w in _warnings(older))


def test_later_stages_are_predicted_from_few_designs(evaluate: Evaluate) -> None:
    csynth, routed = (
        evaluate(SOFTMAX, **CONSTANT, predicted_stage=s) for s in ("csynth", "routed")
    )
    lut = [next(m for m in o.metrics if m.name == "lut") for o in (csynth, routed)]
    assert lut[1].value < 0.7 * lut[0].value
    assert lut[1].high / lut[1].low > lut[0].high / lut[0].low
    assert routed.effective["predicted"]["stage"] == "routed"
    assert any("routed from 8 designs" in text for text in _warnings(routed))


def test_a_part_without_a_rule_leaves_its_sum_unknown(evaluate: Evaluate) -> None:
    outcome = evaluate(RELU, tool="vitis_hls-2023.2", **STORED)
    assert {m.name: m.value for m in outcome.metrics if m.name == "dsp"} == {"dsp": 16}
    assert outcome.effective["unknown"]["lut"].startswith("layer 'a': vitis_hls-2023.2: ")
    assert outcome.effective["costs"]["a"] == {"dsp": 16, "latency_cycles": 65}


def test_slices_of_a_softmax_nobody_published_are_between_none_and_two(evaluate: Evaluate) -> None:
    outcome = evaluate(SOFTMAX, tool="vivado_hls-2020.1", **(STORED | {"reuse_factor": 512}))
    (dsp,) = [m for m in outcome.metrics if m.name == "dsp"]
    assert (dsp.value, dsp.low, dsp.high) == (2 + 32, 2, 2 + 64)
    assert any("dsp is extrapolated: layer 'a_softmax'" in w for w in outcome.effective["warnings"])


def test_nothing_known_is_a_failure_that_names_the_way_out(evaluate: Evaluate) -> None:
    with pytest.raises(EvaluationError, match=r"layer 'a_elu': .*elu") as caught:
        evaluate(ELU, tool="vitis_hls-2023.2", **STORED)
    assert "tool: open" in caught.value.hint


def test_the_implementation_of_multipliers_is_in_the_key_where_it_is_read() -> None:
    def canonical(tool: str) -> Any:
        given = complete(EstimateBackend.parameters, {"tool": tool, "multiplier_impl": "fabric"})
        return EstimateBackend().canonical(given)["multiplier_impl"]

    tools = ("open", "vivado_hls-2020.1", "vitis_hls-2021.1", "vitis_hls-2023.2")
    assert [canonical(tool) for tool in tools] == ["dsp", "dsp", "fabric", "dsp"]


def _warnings(outcome: Outcome) -> list[str]:
    return list(outcome.effective.get("warnings", ()))


def _fit(**changed: Any) -> dict[str, Any]:
    tool, part = "vivado_hls-2020.1", "xcu250figd2104-2l-e"  # another spelling
    fit = {"tool": tool, "part": part, "metric": "lut", "factor": 1.5, "spread": 0.1}
    fit["rule_set"] = RULE_SET
    return {"fits": [fit | changed]}


@pytest.mark.parametrize(
    ("content", "factor"),
    [
        (_fit(), 1.5),
        (_fit(part="other"), 1),
        (_fit(tool="vitis_hls-2021.1"), 1),
        (_fit(rule_set=1), 1),
    ],
)
def test_own_reports_correct_their_tool_and_part(
    evaluate: Evaluate, content: Any, factor: float
) -> None:
    given = STORED | {"reuse_factor": 512, "tool": "vivado_hls-2020.1"}
    before, after = evaluate(ONE, **given), evaluate(ONE, **given, calibration=content)
    lut = [next(m for m in o.metrics if m.name == "lut") for o in (before, after)]
    assert lut[1].value == pytest.approx(factor * lut[0].value, rel=1e-3)
    corrected = ["lut"] if factor != 1 else []
    assert after.effective["predicted"]["calibrated"] == corrected
    told = [w for w in _warnings(after) if w.startswith("calibration has nothing for")]
    assert len(told) == (not corrected)
    if corrected:
        assert lut[1].high / lut[1].value == pytest.approx(np.exp(0.1), rel=1e-3)


def test_another_device_than_the_published_one_is_outside_the_data(evaluate: Evaluate) -> None:
    given = STORED | {"reuse_factor": 512, "tool": "vivado_hls-2020.1"}
    inside, outside = evaluate(ONE, **given), evaluate(ONE, **given | {"part": "xc7z020clg400-1"})
    said = "dsp is extrapolated: part xc7z020clg400-1 (data: xcu250)"
    assert said in outside.effective["warnings"]
    assert not any("data: xcu250" in w for w in _warnings(inside))


@pytest.mark.parametrize(
    "content", [{"fits": {}}, {"fit": []}, _fit(factor=0), _fit(spread="a"), {"fits": [1]}]
)
def test_a_wrong_calibration_is_refused(content: Any) -> None:
    parameter = next(p for p in EstimateBackend.parameters if p.name == "calibration")
    with pytest.raises(ValueError, match="calibration = "):
        parameter.check(content)
