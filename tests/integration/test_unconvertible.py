"""Networks that no HLS backend can build, without Keras files."""

import pytest
from late import Late

from backends.modelgraph.unconvertible import refuse_unconvertible
from dse.contracts.errors import EvaluationError

keras = Late("keras")


def test_a_network_of_inputs_alone_is_refused_by_name() -> None:
    given = keras.Input((4,))
    for model in (
        keras.Sequential([keras.Input((4,))], name="nothing"),
        keras.Model(given, given, name="nothing"),
    ):
        with pytest.raises(EvaluationError, match="network 'nothing' has no layers besides"):
            refuse_unconvertible(model)
    refuse_unconvertible(keras.Sequential([given, keras.layers.Dense(2)]))
