"""Catalogue of all metric definitions: the framework's and those of plug-ins."""

from collections.abc import Iterable, Iterator, Mapping

from dse.contracts.errors import PluginConflictError, PluginNameError
from dse.contracts.metric_names import LEGAL, is_legal_name
from dse.contracts.metrics import CATALOGUE, MetricInfo, with_shares

Definitions = Iterable[tuple[str, Iterable[MetricInfo]]]
"""Pairs of an owner (package or plug-in, as shown in error messages) and its definitions."""

_FRAMEWORK = {name: ("dse", info) for name, info in CATALOGUE.items()}


class MetricCatalogue(Mapping[str, MetricInfo]):
    """Metric definitions by name, each with its owner.

    Args:
        definitions: definitions to add, by owner; a name may be repeated with an equal definition.
        known: owner and definition by name, to start from.

    Raises:
        PluginConflictError: two owners define one name differently.
        PluginNameError: a name cannot stand in a condition.
    """

    def __init__(
        self,
        definitions: Definitions = (),
        known: Mapping[str, tuple[str, MetricInfo]] = _FRAMEWORK,
    ) -> None:
        self._known = dict(known)
        for owner, infos in definitions:
            for info in with_shares(infos):
                self._add(owner, info)

    def _add(self, owner: str, info: MetricInfo) -> None:
        if not is_legal_name(info.name):
            message = f"{owner} defines the metric '{info.name}', which no condition can name"
            raise PluginNameError(message, hint=f"rename it; legal: {LEGAL}")
        first, known = self._known.setdefault(info.name, (owner, info))
        if known != info:
            raise PluginConflictError(
                f"{first} and {owner} define the metric '{info.name}' differently",
                hint=f"rename one of them, such as my_{info.name}, or remove one of the packages",
            )

    def __getitem__(self, name: str) -> MetricInfo:
        return self._known[name][1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def owner(self, name: str) -> str:
        """Return the package or plug-in that defines a metric.

        Raises:
            KeyError: the catalogue has no such metric.
        """
        return self._known[name][0]

    def extended(self, definitions: Definitions) -> "MetricCatalogue":
        """Return a new catalogue with further definitions; raises as the constructor does."""
        return MetricCatalogue(definitions, self._known)
