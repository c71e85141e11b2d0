"""Generate the files of the study onnx_mlp: a trained network in ONNX and its test set.

The network tells malignant from benign tumours by the 30 features of scikit-learn's breast cancer
data (https://doi.org/10.24432/C5DW2B, CC BY 4.0), which need no download. It has the form in which
PyTorch exports `Sequential(Linear, ReLU, Linear, ReLU, Linear, Sigmoid)`; scikit-learn trains it,
so that no PyTorch is needed. The generated files are in this folder.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent


def exported(classifier: MLPClassifier) -> onnx.ModelProto:
    """Return a trained classifier as an ONNX network with a free number of samples."""
    nodes, constants, tensor = [], [], "features"
    last = len(classifier.coefs_) - 1
    for number, (kernel, bias) in enumerate(
        zip(classifier.coefs_, classifier.intercepts_, strict=True)
    ):
        gemm, act = f"/{2 * number}/Gemm", f"/{2 * number + 1}"
        weights = {f"{2 * number}.weight": kernel.T, f"{2 * number}.bias": bias}  # as PyTorch's
        constants += [numpy_helper.from_array(w.astype(np.float32), n) for n, w in weights.items()]
        given = [tensor, *weights]
        nodes.append(helper.make_node("Gemm", given, [f"{gemm}_out"], gemm, transB=1))
        kind = "Relu" if number < last else "Sigmoid"
        tensor = f"{act}/{kind}_out" if number < last else "malignant"
        nodes.append(helper.make_node(kind, [f"{gemm}_out"], [tensor], f"{act}/{kind}"))
    sizes = {"features": classifier.coefs_[0].shape[0], "malignant": 1}
    given, made = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["samples", size])
        for name, size in sizes.items()
    )
    graph = helper.make_graph(nodes, "breast_cancer", [given], [made], constants)
    sets = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=sets, ir_version=8, producer_name="dse")


def main() -> None:
    """Train the classifier; save the network and the test set."""
    data = load_breast_cancer()
    malignant = (data.target == 0).astype(np.uint8)
    features, held_back, targets, truth = train_test_split(
        data.data, malignant, test_size=0.4, stratify=malignant, random_state=1
    )
    scaler = StandardScaler().fit(features)
    classifier = MLPClassifier((16, 8), alpha=0.3, max_iter=2000, random_state=1)
    classifier.fit(scaler.transform(features), targets)
    network = exported(classifier)
    onnx.checker.check_model(network, full_check=True)
    onnx.save(network, str(HERE / "model.onnx"))
    scaled = scaler.transform(held_back).astype(np.float32)
    np.savez_compressed(HERE / "test.npz", x=scaled, y=truth)


if __name__ == "__main__":
    main()
