"""Parameters of quantisation-aware training and pruning that all workloads share."""

from collections.abc import Sequence

from dse.contracts.parameters import Assignment, Parameter

BITS = (
    Parameter(
        "weight_bits",
        int,
        8,
        "width of weights with training: qat or ptq; 1 is binary, 2 ternary",
        unit="bits",
        minimum=1,
        maximum=16,
    ),
    Parameter(
        "activation_bits",
        int,
        8,
        "width of activations with training: qat or ptq",
        unit="bits",
        minimum=1,
        maximum=16,
    ),
    Parameter(
        "input_bits",
        int,
        12,
        "width of the network's inputs with training: qat or ptq",
        unit="bits",
        minimum=2,
        maximum=16,
    ),
)

SCHEDULE = (
    Parameter(
        "finetune_epochs",
        int,
        20,
        "upper limit on the epochs of quantisation-aware training and "
        "of pruning; 0 chooses the formats without training",
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

METHODS = (
    Parameter(
        "training",
        str,
        "float",
        "float: use the network as trained; qat: train it further with "
        "quantised weights and activations (QKeras); ptq: give it the formats that qat starts "
        "from, without training",
        choices=("float", "ptq", "qat"),
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


def is_quantised(parameters: Assignment) -> bool:
    """Whether layers have few bits, in formats that are chosen layer by layer."""
    return parameters["training"] in {"ptq", "qat"}


def is_tuned(parameters: Assignment) -> bool:
    """Whether quantisation or pruning follows the float training."""
    return is_quantised(parameters) or bool(parameters["sparsity"])


def epochs_of(parameters: Assignment) -> int:
    """Return the most epochs of the second training; none after post-training quantisation."""
    return 0 if parameters["training"] == "ptq" else int(str(parameters["finetune_epochs"]))


def relevant(
    parameters: Assignment, bits: Sequence[Parameter], schedule: Sequence[Parameter] = SCHEDULE
) -> Assignment:
    """Return the parameters with those that have no effect set to their defaults.

    Designs that differ in such a parameter alone then have one fingerprint.

    Args:
        parameters: all parameters.
        bits: parameters that have an effect with ``training: qat`` or ``ptq`` only.
        schedule: parameters that have an effect with a second training only. Data are none of
            them: formats depend on them.
    """
    without = () if is_quantised(parameters) else tuple(bits)
    if not is_tuned(parameters) or parameters["training"] == "ptq":
        without = (*without, *schedule)
    return {**parameters, **{parameter.name: parameter.default for parameter in without}}
