"""Ask rule4ml for its estimates of dense layers; run by the Python of an environment that has it.

    python rule4ml_answers.py < designs.json > answers.json

Reads a list of the designs of `rule4ml_environment` and writes a list of numbers by metric in the
same order. rule4ml takes one width for a network; it is given that of the weights. Nothing of dse
is imported here, and nothing of rule4ml by dse.
"""

import json
import os
import sys
from collections import defaultdict
from typing import Any

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
for _threads in ("OMP_NUM_THREADS", "TF_NUM_INTEROP_THREADS", "TF_NUM_INTRAOP_THREADS"):
    os.environ[_threads] = "1"  # TensorFlow and torch beside each other wait for ever with more

COLUMNS = {"LUT": "lut", "FF": "ff", "DSP": "dsp", "CYCLES": "latency_cycles"}

HLS4ML = "0.8.1"
"""The older of the two versions that rule4ml knows; the published reports are older still."""


def main() -> None:
    from rule4ml.models.wrappers import MultiModelWrapper

    answers = sys.stdout
    sys.stdout = sys.stderr  # the package prints
    estimator = MultiModelWrapper()
    estimator.load_default_models()
    designs = json.load(sys.stdin)
    groups: dict[tuple[int, int, str], list[int]] = defaultdict(list)
    for place, one in enumerate(designs):
        groups[one["n_in"], one["n_out"], one["tool"]].append(place)
    found: list[dict[str, float]] = [{} for _ in designs]
    for (n_in, n_out, tool), places in groups.items():
        table = estimator.predict(
            _network(n_in, n_out),
            hls_configs=[_config(designs[place]) for place in places],
            hls4ml_versions=HLS4ML,
            vivado_versions=tool,
        )
        for place, (_, row) in zip(places, table.iterrows(), strict=True):
            found[place] = {name: float(row[column]) for column, name in COLUMNS.items()}
    json.dump(found, answers)
    answers.flush()


def _network(n_in: int, n_out: int) -> Any:
    import keras

    inputs = keras.Input((n_in,))
    network = keras.Model(inputs, keras.layers.Dense(n_out)(inputs))
    network.build((None, n_in))
    return network


def _config(design: dict[str, Any]) -> dict[str, Any]:
    bits = design["bits"]
    return {
        "board": design["board"],
        "model": {
            "precision": f"ap_fixed<{bits}, {max(1, bits * 3 // 8)}>",
            "strategy": design["strategy"].capitalize(),
            "reuse_factor": design["reuse"],
        },
    }


if __name__ == "__main__":
    main()
    os._exit(0)  # threads of TensorFlow and torch beside each other hang at exit
