"""Fine-tuning of the `keras` workload's network: quantisation-aware training and pruning."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dse.contracts.errors import DataError, EvaluationError, FailureKind
from dse.contracts.parameters import Assignment, Parameter
from dse.contracts.workload import ProgressText
from dse.runtime.keras_model import read_model, with_output
from dse.runtime.modules import import_beside
from workloads.quantisation import settings
from workloads.scores import named_score

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

    from workloads.fitting import Checkpoint
    from workloads.quantisation.network import BitsOf

    Arrays = tuple[list[NDArray[Any]], NDArray[Any]]

_KINDS: Final = ("weights", "activations")


def _refuse_layer_bits(value: object) -> str:
    """Return what is wrong with `layer_bits`; empty if nothing is."""
    for name, bits in value.items() if isinstance(value, dict) else ():
        given = bits if isinstance(bits, dict) else dict.fromkeys(_KINDS, bits)
        unknown = given.keys() - set(_KINDS)
        wrong = [v for v in given.values() if type(v) is not int or not 1 <= v <= 16]
        if unknown or wrong or not given:
            return f"{name}: give 1 to 16 bits, or {{weights: 4, activations: 6}}, not {bits!r}"
    return ""


_SCHEDULE = (
    *settings.SCHEDULE,
    Parameter("batch_size", int, 64, "samples in one step of the second training", minimum=1),
    Parameter("patience", int, 10, "epochs without a lower loss before it ends", minimum=1),
    Parameter("seed", int, 1, "seed of the shuffling in the second training", minimum=0),
    Parameter(
        "loss", str, None, "loss by its name in Keras; null for the one that fits the score",
        optional=True,
    ),
)  # fmt: skip

_DATA = (
    Parameter(
        "train_set", str, None, "data like test_set to train on; "
        "needed with training: qat or ptq, or sparsity",
        optional=True,
    ),
    Parameter(
        "train_targets", str, None, "targets of the train set where they are elsewhere",
        optional=True,
    ),
)  # fmt: skip

_BITS = (
    *settings.BITS,
    Parameter(
        "layer_bits",
        dict,
        {},
        "bits by layer name with training: qat or ptq (wildcards allowed; the "
        "name itself wins, then the longest "
        "pattern), such as "
        "{dense_1: 4, 'dense*': {weights: 3, activations: 6}}",
        validator=_refuse_layer_bits,
    ),
)

PARAMETERS = (*settings.METHODS, *_BITS, *_SCHEDULE, *_DATA)


def relevant(parameters: Assignment) -> Assignment:
    """Return the parameters that affect the network: those of fine-tuning only with fine-tuning.

    Parameters without effect are set to their defaults or left out, so that they do not change
    the fingerprint.
    """
    if settings.is_tuned(parameters):
        return settings.relevant(parameters, _BITS, _SCHEDULE)
    own = {parameter.name for parameter in PARAMETERS}
    return {name: value for name, value in parameters.items() if name not in own}


def layer_bits(parameters: Assignment) -> "BitsOf | None":
    """Return a function from a layer's name to its bits; None for float values."""
    from workloads.quantisation.network import LayerBits  # TensorFlow

    if not settings.is_quantised(parameters):
        return None
    usual = LayerBits(*(int(str(parameters[name])) for name in ("weight_bits", "activation_bits")))
    given: Any = parameters["layer_bits"]

    def bits_of(layer: str) -> LayerBits:
        patterns = [pattern for pattern in given if fnmatchcase(layer, pattern)]
        if not patterns:
            return usual
        # The exact name wins, then the longest pattern; of equally long ones the last by name.
        chosen = given[max(patterns, key=lambda p: (p == layer, len(p), p))]
        if isinstance(chosen, int):
            return LayerBits(chosen, chosen)
        return LayerBits(*(chosen.get(kind, getattr(usual, kind)) for kind in _KINDS))

    return bits_of


def check_layers(model: "keras.Model", parameters: Assignment) -> None:
    """Check that every pattern of `layer_bits` matches a layer; others would have no effect.

    Raises:
        EvaluationError: kind invalid_point, if a pattern matches no layer.
    """
    names = [layer.name for layer in model.layers]
    given: Mapping[str, Any] = parameters["layer_bits"]  # type: ignore[assignment]
    for pattern in given:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise EvaluationError(
                FailureKind.INVALID_POINT,
                f"layer_bits: no layer matches '{pattern}'",
                hint=f"the layers are {', '.join(names)}",
            )


def check_shapes(model: "keras.Model", train_set: "Arrays") -> None:
    """Check that the shapes of a train set fit the network.

    Raises:
        EvaluationError: kind invalid_point, if inputs or targets do not fit.
    """
    inputs, targets = train_set
    wanted = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    found = [array.shape[1:] for array in inputs]
    last = model.outputs[0].shape[-1]
    if len(wanted) != len(found) or not all(map(_fits, found, wanted)):
        problem = f"inputs of shape {found}, the network takes {wanted}"
    elif targets.ndim > 1 and targets.shape[-1] not in {1, last}:
        problem = f"targets of shape {targets.shape[1:]}, the network has {last} outputs"
    else:
        return
    hint = "give train_set arrays with the shapes of the test set"
    raise EvaluationError(FailureKind.INVALID_POINT, f"train_set has {problem}", hint=hint)


def _fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    """Whether a shape without the samples is legal; None is an axis of any length."""
    pairs = zip(shape, wanted, strict=False)
    return len(shape) == len(wanted) and all(size in {a, None} for a, size in pairs)


def tuned(
    file: Path,
    train_set: "Arrays",
    parameters: Assignment,
    progress: ProgressText,
    *,
    checkpoint: "Checkpoint",
    base: Path,
) -> "keras.Model":
    """Return the network of a model file after fine-tuning.

    Args:
        file: Keras 3 model file.
        train_set: inputs in the order of the model, and targets.
        parameters: all parameters of the workload.
        progress: called with a text after every epoch.
        checkpoint: from which an interrupted or longer training goes on.
        base: folder of the study file, which is searched for custom modules.

    Raises:
        EvaluationError: if the network cannot be quantised, or training diverges.
    """
    import keras  # TensorFlow

    from workloads.fitting import FitSettings
    from workloads.quantisation.training import Tuning, tune

    for module in ("dse.layers", *parameters["custom_modules"]):  # type: ignore[misc]
        import_beside(str(module), base)
    model = with_output(read_model(file), parameters["output"])
    check_layers(model, parameters)
    check_shapes(model, train_set)
    batch_size, patience, seed = (
        int(str(parameters[name])) for name in ("batch_size", "patience", "seed")
    )
    epochs = settings.epochs_of(parameters)
    inputs, targets = train_set
    tuning = Tuning(
        bits_of=layer_bits(parameters),
        input_bits=int(str(parameters["input_bits"])),
        sparsity=float(str(parameters["sparsity"])),
        learning_rate=float(str(parameters["finetune_learning_rate"])),
        loss=loss_for(parameters, targets) if epochs else None,
        settings=FitSettings(epochs, batch_size, patience, seed),
    )
    # Cloning with a call function, as quantisation does, needs a functional model, not Sequential.
    functional = keras.Model(model.inputs, model.outputs)
    shaped = [np.asarray(array, dtype=np.float32) for array in inputs]
    made, _ = tune(functional, shaped, targets, tuning, progress, checkpoint=checkpoint)
    return made


def loss_for(parameters: Assignment, targets: "NDArray[Any]") -> str:
    """Return the Keras name of the loss: the given one, else the one that fits the score.

    Raises:
        DataError: if Keras has no such loss, or a user's score needs one to be given.
    """
    if parameters["loss"] is not None:
        return _checked_loss(str(parameters["loss"]))
    one_hot = targets.ndim > 1 and targets.shape[-1] > 1
    fitting = {
        "binary": "binary_crossentropy",
        "classes": f"{'' if one_hot else 'sparse_'}categorical_crossentropy",
        "squares": "mean_squared_error",
        "distances": "mean_absolute_error",
    }
    score = str(parameters["score"])
    if (known := named_score(score)) is None:
        hint = "set workload.loss, such as mean_squared_error"
        raise DataError(f"no default loss is known for the score {score}", hint=hint)
    return fitting[known.task]


def _checked_loss(name: str) -> str:
    import keras  # TensorFlow

    try:
        keras.losses.get(name)
    except ValueError as error:
        hint = "give a name such as mean_squared_error; null chooses it by the score"
        raise DataError(f"Keras has no loss '{name}'", where="workload.loss", hint=hint) from error
    return name
