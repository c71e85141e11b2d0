"""Fits whose errors and intervals come from networks that were left out."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from backends.modelgraph.vendor_hls.fitted import Fit
from backends.modelgraph.vendor_hls.predicted import LEVEL_PERCENT
from dse.analysis.intervals import conformal

Numbers = NDArray[np.float64]
Choice = NDArray[np.bool_]


@dataclass(frozen=True)
class Samples:
    """Designs of a regime: features (n, k), reports, networks and properties (n,)."""

    names: tuple[str, ...]
    features: Numbers
    reports: Numbers
    networks: NDArray[np.str_]
    properties: dict[str, Numbers]

    @property
    def all(self) -> Choice:
        """Every design."""
        return np.ones(len(self.reports), dtype=bool)

    def solve(self, chosen: Choice) -> Numbers:
        """Return the coefficients, none negative, with the least relative errors."""
        scale = self.reports[chosen]
        found: Numbers = nnls(self.features[chosen] / scale[:, None], np.ones(len(scale)))[0]
        return found

    def errors(self, left_out: Choice, among: Choice) -> Numbers:
        """Return log(report / prediction) of designs left out, fitted to the others of a set."""
        predicted = self.features[left_out] @ self.solve(among & ~left_out)
        return np.log(self.reports[left_out] / np.maximum(predicted, 1e-9))

    def by_network(self, among: Choice) -> Numbers:
        """Return the errors of every network of a set, each left out in turn."""
        found = np.zeros(len(self.reports))
        for network in np.unique(self.networks[among]):
            mine = (self.networks == network) & among
            found[mine] = self.errors(mine, among)
        return found[among]

    def at_edges(self) -> Iterator[float]:
        """Yield the errors of the designs at every edge of the data, left out together."""
        for values in self.properties.values():
            for edge in {values.min(), values.max()} if len(np.unique(values)) > 2 else ():
                yield from self.errors(values == edge, self.all)


def quantile(errors: Numbers) -> float:
    """Return the size of error that a new design stays below at the level of the intervals."""
    return conformal(errors, LEVEL_PERCENT / 100)


def covered(pool: list[Samples]) -> list[Numbers]:
    """Return by regime of a pool whether reports are in their intervals, as 0 and 1.

    A report's network has no part in the fit, nor in the quantile, to which all regimes of the pool
    contribute.
    """
    found = [np.zeros(len(samples.reports)) for samples in pool]
    for network in np.unique(np.concatenate([samples.networks for samples in pool])):
        others = [samples.networks != network for samples in pool]
        known = [s.by_network(rest) for s, rest in zip(pool, others, strict=True)]
        spread = quantile(np.concatenate(known))
        for samples, rest, inside in zip(pool, others, found, strict=True):
            if not rest.all():
                inside[~rest] = np.abs(samples.errors(~rest, samples.all)) <= spread
    return found


def fit_pool(pool: dict[str, Samples], source: str) -> dict[str, Fit]:
    """Return the fits of regimes that share an interval, with their errors on networks left out."""
    errors = [samples.by_network(samples.all) for samples in pool.values()]
    spread = quantile(np.concatenate(errors))
    edges = np.array([error for samples in pool.values() for error in samples.at_edges()])
    inside = covered(list(pool.values()))
    held = round(float(np.mean(np.concatenate(inside))), 3)
    return {
        name: Fit(
            coefficients=_coefficients(samples),
            spread=round(spread, 4),
            extrapolated_spread=round(max(spread, quantile(edges)), 4),
            ranges={n: (float(v.min()), float(v.max())) for n, v in samples.properties.items()},
            designs=len(own),
            networks=len(np.unique(samples.networks)),
            median_error=round(float(np.median(np.abs(np.expm1(-own)))), 4),
            ninety_percent_error=round(float(np.quantile(np.abs(np.expm1(-own)), 0.9)), 4),
            coverage=round(float(np.mean(own_held)), 3),
            pool_coverage=held,
            source=source,
        )
        for (name, samples), own, own_held in zip(pool.items(), errors, inside, strict=True)
    }


def fit_across(samples: Samples, tools: NDArray[np.str_], source: str) -> Fit:
    """Return a fit to the designs of all tools, with the errors of a whole tool left out.

    Its coverage is of networks whose errors had no part in the quantile.
    """
    across = replace(samples, networks=tools)
    errors = across.by_network(samples.all)
    inside = np.zeros(len(errors))
    for network in np.unique(samples.networks):
        mine = samples.networks == network
        inside[mine] = np.abs(errors[mine]) <= quantile(errors[~mine])
    spread, edges = quantile(errors), np.array(list(samples.at_edges()))
    held = round(float(np.mean(inside)), 3)
    return Fit(
        coefficients=_coefficients(samples),
        spread=round(spread, 4),
        extrapolated_spread=round(max(spread, quantile(edges)), 4),
        ranges={n: (float(v.min()), float(v.max())) for n, v in samples.properties.items()},
        designs=len(errors),
        networks=len(np.unique(samples.networks)),
        median_error=round(float(np.median(np.abs(np.expm1(-errors)))), 4),
        ninety_percent_error=round(float(np.quantile(np.abs(np.expm1(-errors)), 0.9)), 4),
        coverage=held,
        pool_coverage=held,
        source=source,
    )


def _coefficients(samples: Samples) -> dict[str, float]:
    named = zip(samples.names, samples.solve(samples.all), strict=True)
    return {name: float(f"{value:.5g}") for name, value in named if value}
