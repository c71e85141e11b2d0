"""Parameters of quantisation-aware training and pruning, the same for every workload."""

from collections.abc import Sequence

from dse.contracts.parameters import Assignment, Parameter

BITS = (
    Parameter(
        "weight_bits",
        int,
        8,
        "width of weights with training: qat; 1 is binary, 2 ternary",
        unit="bits",
        minimum=1,
        maximum=16,
    ),
    Parameter(
        "activation_bits",
        int,
        8,
        "width of activations with training: qat",
        unit="bits",
        minimum=1,
        maximum=16,
    ),
    Parameter(
        "input_bits",
        int,
        12,
        "width of the network's inputs with training: qat",
        unit="bits",
        minimum=2,
        maximum=16,
    ),
)

HOW_LONG = (
    Parameter(
        "finetune_epochs",
        int,
        20,
        "upper limit on the epochs of quantisation-aware training and "
        "of pruning; 0 only chooses formats",
        minimum=0,
    ),
    Parameter(
        "finetune_learning_rate",
        float,
        2e-3,
        "learning rate of Adam in this second training",
        minimum=1e-8,
    ),
)

WHAT = (
    Parameter(
        "training",
        str,
        "float",
        "float: leave the network as trained; qat: train it on with "
        "quantised weights and activations (QKeras)",
        choices=("float", "qat"),
    ),
    Parameter(
        "sparsity",
        float,
        0.0,
        "share of each layer's weights set to zero, those of smallest magnitude first",
        minimum=0.0,
        maximum=0.99,
    ),
)


def is_tuned(parameters: Assignment) -> bool:
    """Whether anything is trained after the float training."""
    return parameters["training"] == "qat" or bool(parameters["sparsity"])


def relevant(
    parameters: Assignment, bits: Sequence[Parameter], how_long: Sequence[Parameter] = HOW_LONG
) -> Assignment:
    """Those that matter: a float network has no bits, an unpruned one no second training.

    Args:
        parameters: all.
        bits: those that only quantised values have.
        how_long: those that only a second training has.
    """
    without = () if parameters["training"] == "qat" else bits
    without = without if is_tuned(parameters) else (*without, *how_long)
    return {**parameters, **{parameter.name: parameter.default for parameter in without}}
