"""The study file: what is explored, with which tools, and what counts as good."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PrivateAttr,
    StringConstraints,
    ValidationError,
)
from pydantic_core import ErrorDetails

from dse.contracts.errors import StudyError, nearest
from dse.contracts.parameters import Value
from dse.study.search_config import SearchConfig
from dse.study.source import (
    StudySource,
    apply_overrides,
    load_yaml,
    parse_study_yaml,
    raise_mistakes,
)
from dse.study.space import DomainField, ExpressionText, Positive, Section, space_mistakes

if TYPE_CHECKING:
    from dse.contracts.registry import Registry

StudyName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]+$")]
ParameterName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class PluginSection(Section):
    """A section whose other keys are parameters of a plug-in."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, JsonValue] = Field(init=False)

    name: str

    @property
    def settings(self) -> dict[str, Value]:
        """Parameters fixed here."""
        return dict(self.__pydantic_extra__)


class WorkloadSection(PluginSection):
    """The workload and its fixed settings."""


class BackendSection(PluginSection):
    """A backend and its fixed options."""

    time_limit_s: Positive | None = None
    """An engine setting: the evaluation is ended after this time."""

    memory_limit_gb: Positive | None = None
    """An engine setting: the evaluation is ended when its processes hold more."""


class Objective(Section):
    """A metric to optimise; without a direction the catalogue's holds."""

    metric: str
    direction: Literal["minimise", "maximise"] | None = None


def _backend(given: JsonValue) -> JsonValue:
    return {"name": given} if isinstance(given, str) else given


def _objective(given: JsonValue) -> JsonValue:
    return {"metric": given} if isinstance(given, str) else given


BackendField = Annotated[
    BackendSection, BeforeValidator(_backend, json_schema_input_type=str | BackendSection)
]
ObjectiveField = Annotated[
    Objective, BeforeValidator(_objective, json_schema_input_type=str | Objective)
]
ZipGroup = Annotated[tuple[ParameterName, ...], Field(min_length=2, strict=False)]


class Study(Section):
    """A study file whose own form is right; `bind` checks it against plug-ins."""

    name: StudyName
    description: str = ""
    workload: WorkloadSection
    space: dict[ParameterName, DomainField] = Field(default_factory=dict)
    zipped: tuple[ZipGroup, ...] = Field((), alias="zip", strict=False)
    constraints: tuple[ExpressionText, ...] = Field((), strict=False)
    backends: tuple[BackendField, ...] = Field(min_length=1, strict=False)
    objectives: tuple[ObjectiveField, ...] = Field((), strict=False)
    search: SearchConfig = SearchConfig()
    _source: StudySource = PrivateAttr()
    _base: Path = PrivateAttr()

    @property
    def source(self) -> StudySource:
        """The file's text and tree, and the place of everything in it."""
        return self._source

    @property
    def base(self) -> Path:
        """The folder that relative paths in the study refer to."""
        return self._base

    @classmethod
    def load(
        cls, path: Path, overrides: Iterable[str] = (), registry: "Registry | None" = None
    ) -> "Study":
        """Read a study file.

        Args:
            path: the file.
            overrides: ``path=value`` texts, see `dse.study.source.apply_overrides`.
            registry: where given, workload, backends and their parameters are checked too.

        Raises:
            StudyError: lists every mistake found, each with its place.
        """
        source = load_yaml(Path(path))
        return cls._from_source(source, Path(path), overrides, registry)

    @classmethod
    def from_text(
        cls,
        text: str,
        path: Path = Path("study.yaml"),
        overrides: Iterable[str] = (),
        registry: "Registry | None" = None,
    ) -> "Study":
        """The same for a text that would stand in `path`."""
        return cls._from_source(parse_study_yaml(text, str(path)), path, overrides, registry)

    @classmethod
    def _from_source(
        cls, source: StudySource, path: Path, overrides: Iterable[str], registry: "Registry | None"
    ) -> "Study":
        source = apply_overrides(source, overrides)
        given = {"name": path.stem} | {k: v for k, v in source.tree.items() if v is not None}
        try:
            study = cls.model_validate(given, context=(source, path.resolve().parent))
        except ValidationError as error:
            details = filter(_own, error.errors(include_url=False))
            raise_mistakes([_mistake(source, detail) for detail in details])
            raise
        if registry is None:
            raise_mistakes(study.mistakes())
        else:
            from dse.study.binding import bind  # needs numpy, and a study

            bind(study, registry)
        return study

    def mistakes(self) -> list[StudyError]:
        """What is wrong with the meaning of a study whose form is right, without plug-ins."""
        return [*_duplicates(self), *space_mistakes(self)]

    def model_post_init(self, context: tuple[StudySource, Path], /) -> None:
        """Keep the source and the folder beside what the file says."""
        self._source, self._base = context


def _duplicates(study: Study) -> Iterable[StudyError]:
    sections: dict[str, Sequence[str]] = {
        "backends": [backend.name for backend in study.backends],
        "objectives": [objective.metric for objective in study.objectives],
    }
    for section, names in sections.items():
        for index, name in enumerate(names):
            if name in names[:index]:
                yield study.source.mistake((section, index), f"'{name}' is listed twice")


def study_json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of study files, for editors."""
    schema = Study.model_json_schema()
    schema["title"], schema["description"] = "dse study", "What dse explores, and with what."
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["properties"]["space"]["additionalProperties"] = False
    schema["required"] = required = [key for key in schema["required"] if key != "name"]
    for key, part in schema["properties"].items():
        if key not in required:  # a section with everything commented out
            schema["properties"][key] = {"anyOf": [part, {"type": "null"}]}
    return schema


_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "a mapping",
    "string_type": "a text",
    "tuple_type": "a list",
}


def _own(details: ErrorDetails) -> bool:
    """False for a list that pydantic finds too short only because its items are wrong."""
    return details["type"] != "too_short" or len(details["input"]) < details["ctx"]["min_length"]


def _mistake(source: StudySource, details: ErrorDetails) -> StudyError:
    """One of pydantic's errors in plain words, with its place."""
    place = tuple(part for part in details["loc"] if part != "[key]")
    given, context = details["input"], details.get("ctx", {})
    key = str(place[-1]) if place else ""
    match details["type"]:
        case "missing":
            message, hint = f"'{key}' is missing", ""
        case "extra_forbidden":
            message, hint = f"unknown key '{key}'", nearest(key, _keys_at(place[:-1]))
            if place[0] == "space":
                hint += "; a mapping as the one value is written [{…}]"
        case "literal_error":
            legal = re.findall(r"'([^']*)'", context["expected"])
            message, hint = f"{given!r} is not legal", nearest(str(given), legal)
        case "string_pattern_mismatch":
            hint = f"a name matches {context['pattern']}"
            message = f"{given!r} is not a legal name"
        case "too_short":
            message, hint = f"{given!r} needs at least {context['min_length']} entries", ""
        case "value_error":
            message, _, allowed = str(context["error"]).partition("; allowed: ")
            hint = f"allowed: {allowed}" if allowed else ""
        case kind:
            shown = "null" if given is None else repr(given)
            message = (
                f"{shown} should be {_EXPECTED[kind]}"
                if kind in _EXPECTED
                else details["msg"].replace("Input", shown, 1)
            )
            hint = ""
    return source.mistake(place, message, hint)


def _keys_at(place: tuple[str | int, ...]) -> Iterable[str]:
    """Legal keys of the section at a place."""
    kind: Any = Study
    for part in place:
        kind = _bare(_fields(kind)[str(part)] if isinstance(kind, type(Section)) else _item(kind))
    return _fields(kind)


def _fields(kind: type[BaseModel]) -> dict[str, Any]:
    fields = kind.model_fields.items()
    return {field.alias or name: field.annotation for name, field in fields}


def _item(kind: Any) -> Any:
    """The type of what a list or mapping holds."""
    return next(item for item in reversed(get_args(kind)) if item is not Ellipsis)


def _bare(kind: Any) -> Any:
    """The type expression without metadata and `| None`."""
    while get_origin(kind) in {Annotated, Union, UnionType}:
        kind = get_args(kind)[0]
    return kind
