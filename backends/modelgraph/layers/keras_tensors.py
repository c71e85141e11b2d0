"""How a handler says what Keras computes inside of a layer, for the check of the conversion."""

INNER_TENSOR = "keras_tensor"
"""Key of an entry in hls4ml's layer list: the symbolic Keras tensor that the entry computes.

Handlers set it where one layer of Keras becomes several, whose tensors are none of the model's.
"""
