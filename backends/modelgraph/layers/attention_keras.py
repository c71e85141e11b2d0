"""Handler by which hls4ml reads Keras' attention of several heads, which it has no layer for.

The layer becomes those that it is made of. For T queries, S keys and values, and H heads:

| layer | computes | shape |
|---|---|---|
| ``NAME_query``, an EinsumDense | query Wq + bq, divided by sqrt(key_dim) | (T, H, key_dim) |
| ``NAME_key``, an EinsumDense | key Wk + bk | (S, H, key_dim) |
| ``NAME_value``, an EinsumDense | value Wv + bv | (S, H, value_dim) |
| ``NAME_scores``, an Einsum | products of queries and keys | (H, T, S) |
| ``NAME_softmax`` | softmax over the keys | (H, T, S) |
| ``NAME_context``, an Einsum | sums of values, weighted by the softmax | (T, H, value_dim) |
| ``NAME``, an EinsumDense | context Wo + bo | (T, ...) |

The division by sqrt(key_dim) is in the weights and biases of the query: it costs no multiplier and
no rounding of its own, and the scores need fewer integer bits than before a division. Where a
study fixes the type of these weights, it is that of the divided ones.

hls4ml registers a handler when its class is defined, so importing this module is enough.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from hls4ml.converters.keras_v3._base import KerasV3LayerHandler
from hls4ml.converters.keras_v3.einsum_dense import EinsumDenseHandler

from backends.modelgraph.layers.keras_tensors import INNER_TENSOR, called_with, mask_of
from backends.modelgraph.layers.rules import unread

_INPUTS = ("query", "key", "value")

_SCORES, _CONTEXT = "qhd,khd->hqk", "hqk,khd->qhd"
"""Einstein sums of one sample: positions q of queries and k of keys, heads h, features d."""


class MultiHeadAttentionHandler(KerasV3LayerHandler):  # type: ignore[misc]  # hls4ml is untyped
    """Handler of `keras.layers.MultiHeadAttention`, of a sequence to itself or to another."""

    handles: ClassVar[tuple[str, ...]] = (
        "keras.src.layers.attention.multi_head_attention.MultiHeadAttention",
    )

    def handle(
        self,
        layer: Any,
        in_tensors: Sequence[Any],  # noqa: ARG002  (in the order of the call, not of their roles)
        out_tensors: Sequence[Any],
    ) -> tuple[dict[str, Any], ...]:
        """Return the entries of the layers that the attention is made of.

        Raises:
            EvaluationError: the layer has a mask, a gate, a window or more than one output, or
                attends over more than one axis.
        """
        given = called_with(out_tensors[0])
        for setting, only in _unread(layer, given):
            raise unread(layer, setting, only)
        return tuple(_entries(layer, given, out_tensors[0]))


def _unread(layer: Any, given: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the settings that no layers of hls4ml compute, and what they compute instead."""
    masks = [name for name in given if name.endswith("_mask") and given[name] is not False]
    masks += [f"a mask of its {name}" for name in _INPUTS if mask_of(given.get(name)) is not None]
    if masks:
        yield " and ".join(masks), "attention without masks"
    if given.get("return_attention_scores"):
        yield "return_attention_scores", "the attention's output"
    config = layer.get_config()
    for name in ("use_gate", "sliding_window"):
        if config.get(name):
            yield f"{name} {config[name]}", f"attention without {name}"
    axes = max(len(given[name].shape) for name in _INPUTS if name in given) - 2
    if axes != 1:
        yield f"{axes} axes of positions", "attention of sequences (positions, features)"


def _entries(layer: Any, given: dict[str, Any], output: Any) -> Iterator[dict[str, Any]]:
    """Yield the entries; see the module's text.

    Args:
        layer: the attention.
        given: its tensors by name.
        output: the tensor that it makes.
    """
    from keras import ops

    query, value = given["query"], given["value"]
    key, scale, name = given.get("key", value), 1 / math.sqrt(layer.key_dim), layer.name
    queries = ops.multiply(_projected(layer.query_dense, query), scale)
    keys, values = _projected(layer.key_dense, key), _projected(layer.value_dense, value)
    yield _projection(f"{name}_query", layer.query_dense, query, queries, scale)
    yield _projection(f"{name}_key", layer.key_dense, key, keys)
    yield _projection(f"{name}_value", layer.value_dense, value, values)
    scores = ops.einsum("bqhd,bkhd->bhqk", queries, keys)
    yield _einsum(f"{name}_scores", _SCORES, (queries, keys), scores)
    shares = ops.softmax(scores, axis=-1)
    yield _softmax(f"{name}_softmax", scores, shares)
    context = ops.einsum("bhqk,bkhd->bqhd", shares, values)
    yield _einsum(f"{name}_context", _CONTEXT, (shares, values), context)
    yield _projection(name, layer.output_dense, context, output)


def _projected(dense: Any, given: Any) -> Any:
    """Return features by position and head, whose number of positions Keras does not say."""
    from keras import ops

    made = dense(given)
    return ops.reshape(made, (-1, given.shape[1], *made.shape[2:]))


def _projection(name: str, dense: Any, given: Any, made: Any, scale: float = 1.0) -> dict[str, Any]:
    """Return the entry of an EinsumDense with its weights and biases multiplied by a factor."""
    (entry,) = EinsumDenseHandler()(dense, [given], [made])
    weights = {
        key: None if entry[key] is None else entry[key] * entry[key].dtype.type(scale)
        for key in ("weight_data", "bias_data")
    }
    return {**entry, **weights, **_wired(name, "EinsumDense", [given], made)}


def _einsum(name: str, equation: str, given: Sequence[Any], made: Any) -> dict[str, Any]:
    """Return the entry of an Einstein sum of two tensors."""
    first, second = (tuple(tensor.shape[1:]) for tensor in given)
    shapes = {"inp0_shape": first, "inp1_shape": second, "out_shape": tuple(made.shape[1:])}
    return {"equation": equation, **shapes, **_wired(name, "Einsum", given, made)}


def _softmax(name: str, given: Any, made: Any) -> dict[str, Any]:
    """Return the entry of a softmax over the last axis."""
    rows, size = math.prod(given.shape[1:-1]), math.prod(given.shape[1:])
    cut = {"axis": -1, "n_in": size, "n_outer": rows, "n_inner": 1}
    return {"activation": "softmax", **cut, **_wired(name, "Softmax", [given], made)}


def _wired(name: str, class_name: str, given: Sequence[Any], made: Any) -> dict[str, Any]:
    """Return what every entry says: its names, and the tensors that it reads and makes."""
    return {
        "name": name,
        "class_name": class_name,
        "input_shape": [list(tensor.shape[1:]) for tensor in given],
        "input_keras_tensor_names": [tensor.name for tensor in given],
        "output_keras_tensor_names": [made.name],
        INNER_TENSOR: made,
    }
