"""Read a reference file, and say where it is wrong."""

from collections.abc import Iterator
from importlib.resources.abc import Traversable
from typing import get_args

from pydantic import ValidationError

from dse.analysis.claims import TESTS, Follows
from dse.analysis.reference_models import Reference
from dse.contracts.errors import DataError, StudyError, nearest
from dse.study.source import Place, StudySource, parse_study_yaml

_KINDS = frozenset(get_args(kind.model_fields["kind"].annotation)[0] for kind in TESTS)
_HINT = "dse schema --reference prints the keys that are legal"


def read_reference(file: Traversable) -> Reference:
    """Read one reference file.

    Raises:
        DataError: the file is no valid YAML, a key is missing, unknown or has a value of the
            wrong type, or names a figure or curve that the file does not have.
    """
    source = _source(file)
    try:
        found = Reference.model_validate(source.tree)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise _mistake(source, first["loc"], _text(first["msg"]), _HINT) from error
    for place, message, hint in (*_repeated(found), *_unknown(found)):
        raise _mistake(source, place, message, hint)
    return found


def _source(file: Traversable) -> StudySource:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read: {error}", where=str(file)) from error
    try:
        return parse_study_yaml(text, str(file))
    except StudyError as error:
        hint = error.hint if "YAML" in error.message else _HINT
        raise DataError(f"cannot be read: {error.message}", where=error.where, hint=hint) from error


def _text(message: str) -> str:
    """Return pydantic's message without its prefix for errors that validators raise."""
    return message.removeprefix("Value error, ")


def _mistake(source: StudySource, place: Place, message: str, hint: str) -> DataError:
    """Return an error at a place of the file, or at the nearest section around it."""
    # pydantic puts the kind of a claim's test between "test" and the keys of the test
    before = (None, *place)
    kinds = [b == "test" and part in _KINDS for b, part in zip(before, place, strict=False)]
    written = tuple(part for part, is_kind in zip(place, kinds, strict=True) if not is_kind)
    where = source.where(*written)
    dotted = ".".join(map(str, written))
    origin = where.partition(" (")[0]
    return DataError(message, where=f"{origin} ({dotted})" if dotted else origin, hint=hint)


Mistake = tuple[Place, str, str]


def _repeated(reference: Reference) -> Iterator[Mistake]:
    """Yield keys that two figures, or two claims, have."""
    for name, sections in (("figure", reference.figures), ("claim", reference.claims)):
        keys = [section.key for section in sections]
        for index, key in enumerate(keys):
            if key in keys[:index]:
                place = (f"{name}s", index, "key")
                yield place, f"another {name} has the key '{key}' too", "choose another key"


def _unknown(reference: Reference) -> Iterator[Mistake]:
    """Yield names of figures, curves and parameters in claims that lead nowhere."""
    figures = {figure.key: figure for figure in reference.figures}
    for index, claim in enumerate(reference.claims):
        if claim.figure and claim.figure not in figures:
            hint = nearest(claim.figure, figures)
            yield ("claims", index, "figure"), f"there is no figure '{claim.figure}'", hint
        elif isinstance(claim.test, Follows):
            shown = figures.get(claim.figure)
            labels = [curve.label for curve in shown.curves] if shown else []
            if claim.test.curve not in labels:
                where = f"figure '{claim.figure}'" if shown else "this claim, which has no figure,"
                message = f"{where} has no curve '{claim.test.curve}'"
                place = ("claims", index, "test", "curve")
                yield place, message, nearest(claim.test.curve, labels) or "name its figure"
