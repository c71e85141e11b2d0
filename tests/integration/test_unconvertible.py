"""Networks that no HLS backend can build, without Keras files."""

import pytest
from late import Late

from backends.modelgraph.network import from_keras
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


def test_layers_that_hls4ml_lacks_are_refused_with_what_to_use() -> None:
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((4, 4, 2)), layers.Rescaling(0.5), layers.Conv2DTranspose(2, 2, strides=2)]
    )
    with pytest.raises(EvaluationError) as caught:
        from_keras(model)
    assert "(Rescaling), conv2d_transpose" in caught.value.hint
    assert "instead of Rescaling scale the data, or use BatchNormalization" in caught.value.hint
    assert "instead of Conv2DTranspose use UpSampling2D, then Conv2D" in caught.value.hint
