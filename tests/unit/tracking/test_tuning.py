"""Which parameters of quantisation-aware training matter, and for which layer."""

from pathlib import Path
from typing import Any

import pytest

from dse.contracts.errors import StudyError
from dse.contracts.parameters import complete
from dse.contracts.registry import Registry
from dse.study.validate import parse_binding
from workloads.tracking.tuning import custom_modules, layer_bits, n_passes, relevant, untuned
from workloads.tracking.workload import TrackingWorkload


def parameters(**given: Any) -> dict[str, Any]:
    return complete(TrackingWorkload.parameters, given)


def fingerprint(**given: Any) -> str:
    return TrackingWorkload(Path()).fingerprint(parameters(**given))


def test_a_float_network_has_no_bits() -> None:
    plain = fingerprint()
    assert fingerprint(weight_bits=3, node_weight_bits=2, finetune_epochs=5) == plain
    assert fingerprint(training="qat") != plain
    assert fingerprint(training="qat", weight_bits=3) != fingerprint(training="qat")


def test_post_training_quantisation_has_bits_and_no_epochs() -> None:
    rounded = fingerprint(training="ptq")
    assert rounded not in {fingerprint(), fingerprint(training="qat")}
    assert fingerprint(training="ptq", weight_bits=3) != rounded
    assert fingerprint(training="ptq", finetune_epochs=5) == rounded
    assert layer_bits(parameters(training="ptq")) is not None
    assert "qkeras" in custom_modules(parameters(training="ptq"))
    expected_s = TrackingWorkload(Path()).expected_prepare_s
    assert expected_s(parameters(training="ptq")) == expected_s(parameters())


def test_with_one_pass_the_bits_of_the_node_block_do_not_count() -> None:
    once = fingerprint(training="qat", passes=1)
    assert fingerprint(training="qat", passes=1, node_weight_bits=2) == once
    assert fingerprint(training="qat", passes=1, node_activation_bits=2) == once
    assert fingerprint(training="qat", passes=1, edge_weight_bits=2) != once
    twice = fingerprint(training="qat", passes=2)
    assert fingerprint(training="qat", passes=2, node_weight_bits=2) not in {once, twice}


@pytest.mark.parametrize(
    ("network", "passes"), [("interaction_network", 1), ("appendix_a", 2), ("opencl", 2)]
)
def test_the_paper_s_passes_are_those_of_no_number(network: str, passes: int) -> None:
    assert n_passes(parameters(network=network)) == passes
    plain = fingerprint(network=network)
    assert fingerprint(network=network, passes=passes) == plain
    assert fingerprint(network=network, passes=3) != plain


def test_pruning_counts_epochs_and_not_bits() -> None:
    pruned = fingerprint(sparsity=0.5)
    assert fingerprint(sparsity=0.5, weight_bits=3) == pruned
    assert fingerprint(sparsity=0.5, finetune_epochs=3) != pruned
    assert fingerprint(sparsity=0.4) != pruned


def test_the_float_training_is_the_same_for_all() -> None:
    given = parameters(training="qat", weight_bits=3, sparsity=0.5, seed=4)
    assert untuned(given) == parameters(seed=4)
    assert relevant(given) == given


def test_blocks_have_bits_of_their_own() -> None:
    bits_of = layer_bits(
        parameters(
            training="qat", weight_bits=6, activation_bits=7, edge_weight_bits=2,
            node_activation_bits=3, encoder_weight_bits=4, decoder_activation_bits=9,
        )
    )  # fmt: skip
    assert bits_of is not None
    found = {
        name: (bits_of(name).weights, bits_of(name).activations)
        for name in ("node_encoder_0", "edge_encoder_1", "edge_block_0", "node_block_1",
                     "scatter_sum_0", "decoder_3")
    }  # fmt: skip
    assert found == {
        "node_encoder_0": (4, 7),
        "edge_encoder_1": (4, 7),
        "edge_block_0": (2, 7),
        "node_block_1": (6, 3),
        "scatter_sum_0": (6, 3),
        "decoder_3": (6, 9),
    }


def test_float_networks_need_no_bits_and_no_qkeras() -> None:
    assert layer_bits(parameters()) is None
    assert "qkeras" not in custom_modules(parameters())
    assert "qkeras" in custom_modules(parameters(training="qat"))


def test_the_latent_size_leaves_what_the_form_of_a_network_fixes() -> None:
    from workloads.tracking.models import SIZES  # imports TensorFlow

    first, second = (SIZES[name].with_hidden(5) for name in ("interaction_network", "appendix_a"))
    assert (first.edge, first.encoder, first.decoder) == ((5, 5), (5, 5), (5, 5, 5))
    assert second.edge == (5, 5, 5, 1)
    assert second.node == (5, 5, 3)


@pytest.mark.parametrize(
    ("key", "value"),
    [("training", "ptqat"), ("weight_bits", 0), ("sparsity", 1.0), ("edge_weight_bits", "two")],
)
def test_bad_values_are_named_with_their_place(key: str, value: Any) -> None:
    text = f"""
workload: {{name: tracking, {key}: {value}}}
space: {{total_bits: [8]}}
backends: [bittrue]
"""
    with pytest.raises(StudyError, match=key):
        parse_binding(text, Path("s.yaml"), Registry.installed())
