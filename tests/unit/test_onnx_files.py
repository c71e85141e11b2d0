"""ONNX files that are none, or that hold what ONNX does not define; and the workload's settings."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx_networks import Maker, array, mlp, quantised_mlp

from dse.contracts.errors import DataError, EvaluationError, ToolMissingError
from dse.contracts.parameters import complete
from dse.runtime.onnx_file import read_onnx
from dse.runtime.onnx_runner import OnnxRunner, outputs_of
from workloads.onnx import OnnxWorkload


def fingerprint(folder: Path, **given: Any) -> str:
    workload = OnnxWorkload(folder)
    return workload.fingerprint(complete(workload.parameters, given))


def write(folder: Path, model: Any, name: str = "model.onnx", **more: Any) -> Path:
    onnx.save(model, str(folder / name), **more)
    np.savez(folder / "test.npz", x=array(model)[0], y=np.zeros(40))
    return folder / name


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 an archive", b"\x89HDF\r\n\x1a\n", b"some text", b"\x08\x09"]
)
def test_a_file_that_is_no_network_is_refused(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, mlp()).write_bytes(content)
    with pytest.raises(DataError, match=r"workload\.model is no ONNX file") as caught:
        fingerprint(tmp_path)
    assert caught.value.where.endswith("model.onnx")
    assert "torch.onnx.export" in caught.value.hint


@pytest.mark.parametrize("opset", [6, 1000])
def test_operations_of_an_unknown_version_are_refused(tmp_path: Path, opset: int) -> None:
    model = mlp()
    model.opset_import[0].version = opset
    write(tmp_path, model)
    with pytest.raises(DataError, match=f"operations of set {opset}") as caught:
        fingerprint(tmp_path)
    assert "opset_version" in caught.value.hint


def test_custom_operations_are_named(tmp_path: Path) -> None:
    make = Maker([3])
    model = make.model(make.op("Spike", "x", domain="my.lab"))
    write(tmp_path, model)
    with pytest.raises(DataError, match=r"does not define: my\.lab\.Spike"):
        fingerprint(tmp_path)


@pytest.mark.parametrize("name", ["input", "output"])
def test_tensors_that_nothing_gives_are_named(tmp_path: Path, name: str) -> None:
    make = Maker([3])
    made = make.op("Add", "x", "lost" if name == "input" else "x")
    write(tmp_path, make.model(made if name == "input" else "lost"))
    with pytest.raises(DataError, match="gives the tensor 'lost'"):
        fingerprint(tmp_path)


def test_inputs_of_text_are_refused(tmp_path: Path) -> None:
    model = mlp()
    path = write(tmp_path, model)
    model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.STRING
    onnx.save(model, str(path))
    with pytest.raises(DataError, match=r"'x' of workload\.model is no tensor of numbers"):
        fingerprint(tmp_path)


def test_weights_of_the_wrong_length_are_named(tmp_path: Path) -> None:
    model = mlp()
    model.graph.initializer[0].data_type = onnx.TensorProto.DOUBLE
    with pytest.raises(DataError, match="the weights 'c0' cannot be read"):
        read_onnx(write(tmp_path, model))


def test_weights_that_no_device_holds_are_refused_before_work(tmp_path: Path) -> None:
    read = pytest.importorskip("backends.modelgraph.onnx.read")
    model = mlp()
    model.graph.initializer[0].dims[:] = [12000, 11000]  # 528 MB, had it its values
    with pytest.raises(EvaluationError, match=r"132,000,\d+ weights"):
        read.read_model(model, [model.graph.output[0].name])


def test_weights_that_are_not_finite_are_named(tmp_path: Path) -> None:
    model = mlp()
    weights = model.graph.initializer[0]
    values = numpy_helper.to_array(weights).copy()
    values[0, 0] = np.nan
    weights.CopyFrom(numpy_helper.from_array(values, weights.name))
    with pytest.raises(DataError, match="the weights 'c0' are not all finite"):
        read_onnx(write(tmp_path, model))


def test_weights_in_another_file_are_a_part_of_the_network(tmp_path: Path) -> None:
    external = {"save_as_external_data": True, "location": "w.bin", "size_threshold": 0}
    path = write(tmp_path, mlp(), **external)
    before = fingerprint(tmp_path)
    (tmp_path / "out").mkdir()
    workload = OnnxWorkload(tmp_path)
    settings = complete(workload.parameters, {})
    prepared = workload.prepare(settings, tmp_path / "out", lambda _: None)
    inputs = array(mlp())
    (wanted,) = OnnxRunner(mlp(), outputs_of(mlp(), None)).run(inputs)
    copied = onnx.load(str(prepared.model_path))
    np.testing.assert_array_equal(
        OnnxRunner(copied, outputs_of(copied, None)).run(inputs)[0], wanted
    )
    content = bytearray((tmp_path / "w.bin").read_bytes())
    content[0] ^= 1
    (tmp_path / "w.bin").write_bytes(content)
    assert fingerprint(tmp_path) != before
    (tmp_path / "w.bin").unlink()
    with pytest.raises(DataError, match=r"the file w\.bin with weights .* does not exist"):
        fingerprint(tmp_path)
    assert path.is_file()


def test_the_fingerprint_is_of_the_content(tmp_path: Path) -> None:
    write(tmp_path, mlp())
    write(tmp_path, mlp(), "same.onnx")
    write(tmp_path, quantised_mlp(), "other.onnx")
    first, same, other = (
        fingerprint(tmp_path, model=f"{name}.onnx") for name in ("model", "same", "other")
    )
    assert first == same != other


def test_without_the_package_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, mlp())
    monkeypatch.setitem(sys.modules, "onnx", None)  # Python's own way to say: not installed
    with pytest.raises(ToolMissingError) as caught:
        fingerprint(tmp_path)
    assert caught.value.hint == "pip install 'dse-fpga[onnx]'"


def test_a_fixed_number_of_samples_other_than_one_is_refused() -> None:
    make = Maker([4])
    model = make.model(make.op("Relu", "x"), samples=8)
    runner = OnnxRunner(model, outputs_of(model, None))
    assert runner.run([np.ones((8, 4))])[0].shape == (8, 4)
    with pytest.raises(EvaluationError, match="computes 8 samples at once"):
        runner.run([np.ones((9, 4))])


MODES = ("ROUND", "HALF_EVEN", "FLOOR", "CEIL", "DOWN", "UP", "HALF_UP")


@pytest.mark.parametrize("mode", [*MODES, "HALF_DOWN"])
@pytest.mark.parametrize(("signed", "narrow", "bits"), [(1, 0, 4), (1, 1, 4), (0, 0, 3), (0, 1, 3)])
def test_quantisers_are_those_of_qonnx(mode: str, signed: int, narrow: int, bits: int) -> None:
    quantise = pytest.importorskip("qonnx.custom_op.general.intquant").int_quant
    make = Maker([64])
    output = make.quant("x", 0.25, bits, signed=signed, narrow=narrow, zero=1.0, mode=mode)
    values = np.linspace(-2.5, 2.5, 6400, dtype=np.float32).reshape(100, 64)
    values[0, :41] = (np.arange(41) - 20) / 8  # halves of the step, too
    (found,) = OnnxRunner(make.model(output), [output]).run([values])
    numbers = (np.float32(v) for v in (0.25, 1.0, bits))
    wanted = quantise(values, *numbers, bool(signed), bool(narrow), mode)
    np.testing.assert_array_equal(found, wanted)


def test_quantisers_of_one_bit_are_signs() -> None:
    make = Maker([3])
    scale = make.constant(np.float32(0.5))
    output = make.op("BipolarQuant", "x", scale, domain="qonnx.custom_op.general")
    (found,) = OnnxRunner(make.model(output), [output]).run([np.float32([[-2, 0, 0.1]])])
    np.testing.assert_array_equal(found, [[-0.5, 0.5, 0.5]])
