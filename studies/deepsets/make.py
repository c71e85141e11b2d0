"""Generate the files of the study deepsets_jets: a network on sets of particles, and its test set.

A jet is a set of 8 particles, each with its share of the momentum and its distances in η and φ from
the axis. Background jets have one core, signal jets two, as from the decay of a boosted boson.
"""

from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
N_PARTICLES, N_FEATURES = 8, 3
LAYERS = keras.layers

Floats = NDArray[np.float32]


def jets(generator: np.random.Generator, count: int) -> tuple[Floats, Floats]:
    """Draw jets (count, 8, 3), hardest particle first, and whether they have two cores (count,)."""
    two = generator.integers(0, 2, count)
    share = np.sort(generator.dirichlet(np.full(N_PARTICLES, 1.2), count), axis=1)[:, ::-1]
    angle = generator.uniform(0, 2 * np.pi, count)
    half = two * generator.uniform(0.1, 0.35, count)
    axis = half[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    core = generator.choice([-1, 1], (count, N_PARTICLES, 1))
    spread = generator.laplace(0, 0.13, (count, N_PARTICLES, 2)) / (0.5 + 4 * share[..., None])
    place = core * axis[:, None, :] + spread
    place -= (share[..., None] * place).sum(axis=1, keepdims=True)  # seen from the jet's axis
    features = np.concatenate([4 * share[..., None], 4 * np.clip(place, -1, 1)], axis=2)
    return features.astype(np.float32), two.astype(np.float32)


def deepsets() -> keras.Model:
    """Return the same dense layers for every particle, their mean, and dense layers on it."""
    return keras.Sequential(
        [
            LAYERS.Input((N_PARTICLES, N_FEATURES)),
            LAYERS.Dense(16, activation="relu", name="phi_1"),
            LAYERS.Dense(16, activation="relu", name="phi_2"),
            LAYERS.GlobalAveragePooling1D(name="mean"),
            LAYERS.Dense(16, activation="relu", name="rho_1"),
            LAYERS.Dense(1, activation="sigmoid", name="two_cores"),
        ]
    )


def main() -> None:
    """Train the network; save it and a test set."""
    keras.utils.set_random_seed(5)
    generator = np.random.default_rng(5)
    model = deepsets()
    model.compile(keras.optimizers.Adam(3e-3), "binary_crossentropy")
    model.fit(*jets(generator, 20_000), batch_size=256, epochs=25, verbose=0)
    model.compile()  # the file needs no optimizer
    model.save(HERE / "model.keras")
    particles, two = jets(generator, 3_000)
    np.savez_compressed(HERE / "test.npz", x=particles, y=two.astype(np.uint8))


if __name__ == "__main__":
    main()
