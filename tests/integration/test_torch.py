"""Networks that PyTorch itself exports, by both of its exporters; where it is installed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_networks import array

from backends.modelgraph.builder import build_graph
from backends.modelgraph.evaluate import evaluate
from backends.modelgraph.onnx.read import checked_model
from backends.modelgraph.settings import Settings
from dse.runtime.onnx_file import read_onnx

torch = pytest.importorskip("torch", reason="PyTorch is not installed here")
pytestmark = pytest.mark.filterwarnings("ignore")

WIDE = Settings(36, 10, table_size=65536, table_precision="fixed<36,10>")


def convolutional() -> tuple[Any, tuple[int, ...]]:
    nn = torch.nn
    layers = [nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(36, 5), nn.Softmax(-1)), (1, 8, 8)


def recurrent(kind: str) -> Any:
    class Last(torch.nn.Module):  # type: ignore[misc,name-defined]  # of torch, which is optional
        def __init__(self) -> None:
            super().__init__()
            self.layer = getattr(torch.nn, kind)(4, 6, batch_first=True)
            self.dense = torch.nn.Linear(6, 3)

        def forward(self, x: Any) -> Any:
            return self.dense(self.layer(x)[0][:, -1])

    return lambda: (Last(), (5, 4))


NETWORKS: dict[str, Any] = {
    "convolutional": convolutional,
    "LSTM": recurrent("LSTM"),
    "GRU": recurrent("GRU"),
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("dynamo", [True, False])
def test_what_is_computed_is_what_torch_computes(name: str, dynamo: bool, tmp_path: Path) -> None:
    torch.manual_seed(1)
    network, shape = NETWORKS[name]()
    network.eval()
    more = (
        {"dynamic_shapes": ({0: torch.export.Dim("samples")},)}
        if dynamo
        else {"dynamic_axes": {"x": {0: "samples"}}, "input_names": ["x"], "opset_version": 17}
    )
    path = tmp_path / "model.onnx"
    torch.onnx.export(network, (torch.randn(2, *shape),), str(path), dynamo=dynamo, **more)
    model = read_onnx(path)
    (inputs,) = array(model)
    wanted = network(torch.from_numpy(inputs)).detach().numpy()
    converted = checked_model(model, [inputs])
    found = evaluate(build_graph(converted, WIDE, tmp_path)[0], [inputs]).outputs
    np.testing.assert_allclose(found.reshape(wanted.shape), wanted, atol=4e-3)
