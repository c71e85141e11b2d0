"""Networks with random weights and biases, saved as layer lists; needs Keras."""

from pathlib import Path

import keras
import numpy as np

import dse.layers  # noqa: F401  (registers layers)
from backends.modelgraph.network import from_keras
from workloads.tracking.models import build


def make(folder: Path, network: str, passes: int, seed: int) -> None:
    """Save one network's layer list."""
    keras.utils.set_random_seed(seed)
    if network == "mlp":
        model = keras.Sequential(
            [
                keras.layers.Input((16,)),
                keras.layers.Dense(32, activation="relu"),
                keras.layers.Dense(16, activation="relu"),
                keras.layers.Dense(5, activation="softmax"),
            ]
        )
    else:
        model = build(network, 12, 17, passes=passes)  # type: ignore[arg-type]
    generator = np.random.default_rng(seed)
    model.set_weights([w + generator.normal(0, 0.3, w.shape) for w in model.get_weights()])
    model.save(folder / "model.keras")
    from_keras(model).save(folder)


def predict_all(folder: Path, inputs: dict[str, list[np.ndarray]]) -> dict[str, np.ndarray]:
    """What Keras gives for these inputs, by network."""
    models = {name: keras.saving.load_model(folder / name / "model.keras") for name in inputs}
    return {
        name: np.asarray(models[name].predict(given, verbose=0)) for name, given in inputs.items()
    }


def make_all(folder: Path, cases: dict[str, tuple[str, int]]) -> None:
    """Save all cases, each in its own folder."""
    for seed, (name, (network, passes)) in enumerate(cases.items()):
        (folder / name).mkdir()
        make(folder / name, network, passes, seed)
