"""Load the trained Keras network of a prepared workload, or say by a typed error why not."""

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dse.contracts.errors import EvaluationError, FailureKind
from dse.contracts.workload import Prepared
from dse.runtime.keras_file import foreign_packages, load_hint, load_problem
from dse.runtime.modules import import_custom_modules
from dse.runtime.outputs import builds_all, chosen_output

_QKERAS = "qkeras"
"""Package that comes with the extra `hls`, so that studies need not name it."""


def load_model(prepared: Prepared) -> Any:
    """Return the trained network with the outputs that are built, the scored one first.

    Needs Keras. The modules of the custom layers are imported first.

    Args:
        prepared: supplies the file, and in its manifest as ``output`` the name of the output that
            is scored, without which the network has to have one output, and as ``built_outputs``
            whether the others are built too.

    Raises:
        EvaluationError: ``invalid_point``: Keras cannot load the file, weights are not finite, or
            no output has the name.
    """
    import_custom_modules(prepared)
    model, scored = read_model(prepared.model_path), prepared.manifest.get("output")
    if builds_all(prepared.manifest):
        return with_output_first(model, scored)
    return with_output(model, scored)


def read_model(file: Path) -> Any:
    """Return the network of a Keras file; modules of its own layers are imported already.

    QKeras is imported where the file has its layers.

    Raises:
        EvaluationError: ``invalid_point``: Keras cannot load the file, or weights are not finite.
    """
    import keras

    if _QKERAS in foreign_packages(file) and find_spec(_QKERAS):
        import_module(_QKERAS)  # Keras then knows its classes
    try:
        model = keras.saving.load_model(file, compile=False)
    except Exception as error:  # Keras raises whatever the layers of the file raise
        message = f"Keras cannot load the model file: {load_problem(error)}"
        hint = load_hint(file, str(error))
        raise EvaluationError(FailureKind.INVALID_POINT, message, hint=hint) from error
    _name_recurrent(model)
    _check_weights(model)
    return model


def _name_recurrent(model: Any) -> None:
    """Give QKeras' recurrent layers the names of the file; QKeras passes them on to the cells."""
    for layer in model._flatten_layers():  # noqa: SLF001  (Keras has no public walk)
        if type(layer).__module__ == "qkeras.qrecurrent" and hasattr(layer, "cell"):
            layer.name = layer.cell.name


def with_output(model: Any, name: object) -> Any:
    """Return a Keras model with one output.

    Args:
        model: the model.
        name: layer that gives the output, one of `output_names`; None for the only one.

    Raises:
        EvaluationError: there is no such output, or several and none is named.
    """
    import keras

    names = output_names(model)
    chosen = chosen_output(names, name)
    if len(names) == 1:
        return model
    return keras.Model(_as_called(model), model.outputs[names.index(chosen)])


def with_output_first(model: Any, name: object) -> Any:
    """Return a Keras model with all its outputs as a list, the one of a name first.

    Args:
        model: the model; one with a single output is returned as it is.
        name: see `with_output`.

    Raises:
        EvaluationError: see `with_output`.
    """
    import keras

    names = output_names(model)
    chosen = names.index(chosen_output(names, name))
    if len(names) == 1:
        return model
    others = [tensor for number, tensor in enumerate(model.outputs) if number != chosen]
    return keras.Model(_as_called(model), [model.outputs[chosen], *others])


def _as_called(model: Any) -> Any:
    """Return a model's inputs, a single one without a list."""
    return model.inputs if len(model.inputs) > 1 else model.inputs[0]


def output_names(model: Any) -> list[str]:
    """Return the names of a Keras model's outputs: those of the layers that give them.

    A model that returns a dictionary has its keys. Of a layer that gives several outputs, the
    second is called ``<name>:1``, and so on.

    Raises:
        EvaluationError: the model's own class says in Python what its outputs are.
    """
    functional = getattr(model, "_functional", model)  # a Sequential keeps its tensors there
    structure = getattr(functional, "_outputs_struct", None)
    given = structure if isinstance(structure, dict) else getattr(functional, "output_names", None)
    if given is None:
        message = f"the network is a {type(model).__name__}, a model in Python code"
        hint = "write it as a functional or sequential model of Keras"
        raise EvaluationError(FailureKind.INVALID_POINT, message, hint=hint)
    names: list[str] = []
    for name in given:
        before = sum(other.partition(":")[0] == name for other in names)
        names.append(f"{name}:{before}" if before else str(name))
    return names


def _check_weights(model: Any) -> None:
    """Refuse weights that are no finite numbers.

    Raises:
        EvaluationError: names the first such variable.
    """
    bad = next(_not_finite(model), None)
    if bad is not None:
        message = f"the weights '{bad}' of the network are not all finite numbers"
        hint = "train again: the training has diverged; a lower learning rate may help"
        raise EvaluationError(FailureKind.INVALID_POINT, message, hint=hint)


def _not_finite(model: Any) -> Iterator[str]:
    import keras

    for variable in model.variables:
        if keras.backend.is_float_dtype(variable.dtype) and not bool(
            keras.ops.all(keras.ops.isfinite(variable))
        ):
            yield variable.path
