"""Every layer family in small networks: csim, bittrue, estimate and simulated circuits."""

import shutil
from pathlib import Path

import needs
import pytest
import zoo
from zoo_walk import Zoo, convert, hold, icarus

pytestmark = [needs.compiler, needs.simulator]

WRONG_SIMULATION = pytest.mark.xfail(
    shutil.which("iverilog") is None,
    reason="Verilator 5.006 computes sums over windows that are mostly padding wrongly; with "
    "Icarus Verilog the circuit equals bittrue",
    strict=False,
)

fast_simulator = pytest.fixture(icarus, scope="module", autouse=True)


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    return convert("zoo:convert", tmp_path_factory.mktemp("zoo"), list(zoo.NETWORKS))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=WRONG_SIMULATION) if name == "padded2d_uneven" else name
        for name in zoo.NETWORKS
    ],
)
def test_backends_agree_or_refuse(name: str, converted: Zoo, tmp_path: Path) -> None:
    hold(name, converted, zoo.REFUSED, tmp_path)
