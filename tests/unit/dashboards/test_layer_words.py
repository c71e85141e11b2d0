"""Ranges of layers in words."""

from dataclasses import replace

import numpy as np
import pytest

from dashboards.layer_words import bits, in_words, layer_rows
from dse.store.queries import StoredEvaluation
from dse.testing.stores import WHEN


@pytest.mark.parametrize("width", [4, 9])
@pytest.mark.parametrize("whole", [-2, 0, 3, 12])
@pytest.mark.parametrize("sign", ["", "u"])
def test_ranges_are_those_of_all_codes(width: int, whole: int, sign: str) -> None:
    codes = np.arange(2**width) - (0 if sign else 2 ** (width - 1))
    values = codes * 2.0 ** (whole - width)
    said = in_words(f"{sign}fixed<{width},{whole},TRN,WRAP,0>").replace("−", "-")
    number, low, _, high, *_, step = said.replace(" bits,", "").split()
    assert int(number) == width
    found = np.array([float(low), float(high), float(step)])
    assert found == pytest.approx([values.min(), values.max(), values[1] - values[0]], rel=1e-3)


def test_other_types_are_named_as_they_are() -> None:
    assert in_words("uint<1>") == "1 bit, 0 to 1 in steps of 1"
    assert in_words("float32") == bits("float32") == "float32"
    assert bits("fixed<16,6,TRN,WRAP,0>") == "16 bits (6 integer)"


def stored(backend: str, effective: dict[str, object]) -> StoredEvaluation:
    return StoredEvaluation(
        id=1, key="k", backend=backend, adapter_version=1, tool="t", workload="w", fingerprint="f",
        status="done", failure={}, parameters={}, workload_parameters={}, effective=effective,
        started_at=WHEN, duration_s=1.0, host="h", attempts=1, artifacts={},
    )  # fmt: skip


def test_a_layer_that_overflows_says_so_and_one_that_is_not_counted_too() -> None:
    types = {"class": "Dense", "result": "fixed<8,4,TRN,WRAP,0>", "weight": "fixed<6,1,TRN,WRAP,0>"}
    layers = {"dense": {"effective": types}, "out": {"effective": {"class": "Input"}}}
    alone = stored("open", {"layers": layers})
    assert [row[-1] for row in layer_rows([alone])] == ["not counted", "not counted"]
    lost = {"dense": {"casts": 400, "wrapped": 3, "saturated": 0}}
    counting = replace(alone, backend="bittrue", effective={"layers": layers, "overflows": lost})
    first, second = layer_rows([alone, counting])
    assert first == [
        "dense", "Dense", "8 bits, −8 to 7.9375 in steps of 0.0625", "6 bits (1 integer)",
        "", "0.75% wrapped",
    ]  # fmt: skip
    assert second[-1] == "none"
    assert layer_rows([]) == []
