"""Contrast: how much each design factor shows in each distance matrix, with tests, intervals and controls for ties."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Bool, Int

from rnnpop.names import SCHEMAS, variable
from rnnpop.numerics import contrasts
from rnnpop.seeds import stream

_LONG_NAMES = {
    "r2": "PERMANOVA R^2",
    "pseudo_f": "PERMANOVA pseudo-F",
    "p": "PERMANOVA p, permutations within the levels of the other factors",
    "r2_draws": "PERMANOVA R^2 of resamples of networks within populations, the same resamples for all measures and factors",
    "knn_accuracy": "balanced leave-one-out accuracy of nearest neighbours",
    "knn_chance": "one over the number of levels",
    "knn_p": "p of the accuracy, permutations within the levels of the other factors",
    "tied_fraction": "fraction of pairs whose distance another pair has too",
    "distinct_distances": "number of distinct distances",
    "within_distance": "mean distance of pairs within a level",
    "between_distance": "mean distance of pairs between levels",
    "mantel": "Spearman correlation of the distances of pairs",
    "mantel_p": "one-sided p of the correlation, networks permuted; NaN for a measure with itself",
}


def contrast(atlases: Mapping[str, xr.Dataset], factors: Sequence[str], settings: Mapping[str, int], seed: int, *names: str) -> xr.Dataset:
    """PERMANOVA, nearest-neighbour decoding and Mantel correlations over the distance matrices of one task and group.

    Networks of status `ok` count (of status `untrained` where none is `ok`), as far as every measure is finite for them; the
    attributes `kept` and `total` say how many. They are taken in the order of their names, so that neither shards nor tiles change
    a number. Each factor is tested with permutations within the joint levels of the others; R^2 itself is the factor's alone
    (one-way), so in an unbalanced design it may hold a part that factors share. A factor with fewer than two levels is NaN.

    Args:
        atlases: stores of stage `arrange`, by measure.
        factors: design factors, which are coordinates on `network`.
        settings: `contrast` of config.yaml: `permutations`, `draws`, `neighbours`.
        seed: root seed.
        names: whom the random streams belong to: study, task, group.

    Returns:
        Store of stage `contrast`.
    """
    first = next(iter(atlases.values()))
    order = np.sort(first["network"].values[_kept(atlases)].astype(str))
    distances = {measure: _matrix(atlas, order) for measure, atlas in atlases.items()}
    kept = first.sel(network=order)
    codes = {factor: pd.factorize(kept[factor].values.astype(str), sort=True)[0] for factor in factors}

    sizes = {"measure": len(atlases), "factor": len(factors), "other": len(atlases), "draw": settings["draws"]}
    found = {name: np.full([sizes[dim] for dim in dims], np.nan) for name, dims in SCHEMAS["contrast"].variables.items()}
    if len(order) > 2:  # fewer have no two pairs to compare
        for m, distance in enumerate(distances.values()):
            found["tied_fraction"][m], found["distinct_distances"][m] = contrasts.ties(distance)
        _factors(found, distances, codes, settings, seed, names)
        _mantel(found, distances, settings["permutations"], seed, names)
    dims = SCHEMAS["contrast"].variables
    measures = np.array(list(atlases), dtype=object)
    return xr.Dataset(
        {name: variable(dims[name], values, _LONG_NAMES[name]) for name, values in found.items()},
        coords={"measure": measures, "other": measures, "factor": np.array(list(factors), dtype=object)},
        attrs={"kept": len(order), "total": first.sizes["network"]},
    )


def table(contrasts: xr.Dataset) -> pd.DataFrame:
    """One row a measure and factor: R² with its 95 % bootstrap interval, tests, decoding, mean distances; sorted as in the store."""
    low, high = (contrasts["r2_draws"].quantile(q, "draw", skipna=True).drop_vars("quantile") for q in (0.025, 0.975))
    columns = ["r2", "low", "high", "pseudo_f", "p", "knn_accuracy", "knn_chance", "knn_p", "within_distance", "between_distance"]
    spread = contrasts.assign(low=low, high=high)[columns]
    rows = spread.to_dataframe(dim_order=["measure", "factor"]).reset_index()[["measure", "factor", *columns]]
    return rows.assign(networks=contrasts.attrs["kept"])


def _kept(atlases: Mapping[str, xr.Dataset]) -> Bool[np.ndarray, " network"]:
    first = next(iter(atlases.values()))
    status = first["status"].values.astype(str)
    wanted = "ok" if "ok" in status else "untrained"
    finite = [np.isfinite(atlas["distance"].sel(network=first["network"]).values).any(axis=1) for atlas in atlases.values()]
    return (status == wanted) & np.all(finite, axis=0)


def _matrix(atlas: xr.Dataset, order: np.ndarray) -> np.ndarray:
    return atlas["distance"].sel(network=order, partner=order).values


def _factors(
    found: dict[str, np.ndarray],
    distances: Mapping[str, np.ndarray],
    codes: Mapping[str, Int[np.ndarray, " network"]],
    settings: Mapping[str, int],
    seed: int,
    names: Sequence[str],
) -> None:
    populations = _joint(codes.values(), len(next(iter(distances.values()))))
    counts = contrasts.resamples(populations, settings["draws"], stream(seed, *names, "contrast", "resamples"))
    for f, (factor, labels) in enumerate(codes.items()):
        levels = len(np.unique(labels))
        if levels < 2:
            continue
        strata = _joint((other for name, other in codes.items() if name != factor), len(labels))
        rows = contrasts.relabellings(labels, strata, settings["permutations"], stream(seed, *names, "contrast", factor))
        found["knn_chance"][f] = 1 / levels
        for m, distance in enumerate(distances.values()):
            found["r2"][m, f], found["pseudo_f"][m, f], found["p"][m, f] = contrasts.permanova(distance, rows)
            found["r2_draws"][m, f] = contrasts.resampled_r2(distance, labels, populations, counts)
            accuracies = contrasts.neighbour_accuracy(contrasts.neighbour_votes(distance, settings["neighbours"]), rows)
            found["knn_accuracy"][m, f], found["knn_p"][m, f] = accuracies[0], contrasts.exceedance(accuracies)
            found["within_distance"][m, f], found["between_distance"][m, f] = contrasts.mean_distances(distance, labels)


def _joint(codes: object, networks: int) -> Int[np.ndarray, " network"]:
    """One code for each combination of levels; all the same where there is no factor."""
    columns = [np.zeros(networks, dtype=int), *codes]
    return np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)[1].reshape(-1)


def _mantel(found: dict[str, np.ndarray], distances: Mapping[str, np.ndarray], permutations: int, seed: int, names: Sequence[str]) -> None:
    np.fill_diagonal(found["mantel"], 1.0)
    for (m, one), (o, other) in itertools.combinations(enumerate(distances), 2):
        rng = stream(seed, *names, "contrast", "mantel", *sorted((one, other)))  # a further measure changes nothing here
        pair = contrasts.mantel(distances[one], distances[other], permutations, rng)
        found["mantel"][m, o], found["mantel_p"][m, o] = found["mantel"][o, m], found["mantel_p"][o, m] = pair
