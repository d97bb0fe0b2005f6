"""A summary of students of circuits, made up: scores as theory has them, with some spread, and tables of one recording."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from rnnpop.design import network_name
from rnnpop.names import variable
from rnnpop.numerics.exact_circuits import chain_spectrum, mean_field_score
from rnnpop.seeds import stream

FRACTIONS = np.array([0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0])
LEARNERS = ("long_time_limit", "map")
#: Populations: architecture, and what varies in it.
POPULATIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    *(("null_low_rank", {"gamma_squared": gamma}) for gamma in (5.0, 20.0, 100.0)),
    *(("chain", {"beta": beta}) for beta in (0.25, 0.5, 1.0)),
    *(("null_ranks", {"rank": rank}) for rank in (2, 3)),
    *(("pure_chain", {"units": units}) for units in (100, 250, 500)),
    ("similarity_line", {}),
    ("symmetric", {}),
    ("oscillation", {}),
)
_KINDS = ("origin", "fixed point", "limit cycle")


def _row(architecture: str, level: dict[str, Any], learner: str, rng: np.random.Generator) -> dict[str, Any]:
    """What is said of one student, over fractions."""
    units = level.get("units", 200)
    share = 0.9 if learner == "map" else 1.0
    noise = rng.standard_normal
    observed = np.round(FRACTIONS * units)
    gamma = {"null_low_rank": level.get("gamma_squared", 0.0), "chain": 60 * level.get("beta", 0.0)}.get(architecture, 1.0)
    if architecture == "pure_chain":
        spectra = [chain_spectrum(units, min(int(count), 60))[:2] for count in observed]
        leading, second = np.array(spectra).T.real
        score = np.log2((1 - second) / (1 - leading))
    else:
        score = np.maximum(share * mean_field_score(FRACTIONS, gamma) + 0.15 * noise(7), -0.4)
        if architecture == "similarity_line":
            score = 9.0 - np.log2(1 / FRACTIONS) + 0.2 * noise(7)
        second = 0.1 + 0.02 * noise(7)
        leading = 1 - (1 - second) / 2**score
    amplification = np.exp(0.3 * noise()) * {"symmetric": 1.0, "similarity_line": 900.0}.get(architecture, 40.0 + 10 * gamma)
    time_constant = 1 / (1 - leading)
    overestimation = time_constant / (500 if architecture == "similarity_line" else 1)
    limit = np.array([""] * 7, dtype=object)
    own, right = "", np.full(7, np.nan)
    if architecture == "oscillation":
        own = str(rng.choice(_KINDS[:2], p=[0.4, 0.6]))
        limit = np.where(rng.random(7) < FRACTIONS, own, rng.choice(_KINDS, 7)).astype(object)
        right = (limit == own).astype(float)
        score, overestimation = 0 * score, overestimation * np.nan
    read = (score > 1).astype(float)
    return {
        "line_attractor_score": score,
        "leading_real": leading,
        "second_real": second,
        "time_constant_1": time_constant,
        "time_constant_2": 1 / (1 - second),
        "observed": observed,
        "overestimation": overestimation,
        "overestimated": (overestimation > 1.5).astype(float),
        "line_attractor": read,
        "spurious": np.where(architecture == "similarity_line", np.nan, read),
        "acf_deficit": 0.1 - 0.3 * np.log2(np.maximum(overestimation, 1)) * rng.random(7),
        "acf_deficit_1": 0.1 - 0.2 * np.log2(np.maximum(overestimation, 1)) * rng.random(7),
        "nested_slope": 0.3 * noise(7) + read,
        "topology_right": right,
        "limit_set": limit,
        "mismatch": np.array([f"{own} -> {text}" if own else "" for text in limit], dtype=object),
        "noise_amplification": amplification,
        "abscissa_excess": amplification**0.5 * np.exp(0.2 * noise()),
        "operator_norm": amplification**0.4 * np.exp(0.4 * noise()),
        "commutator_index": np.tanh(amplification / 100) * np.exp(0.1 * noise()),
        "teacher_score": 9.0 if architecture == "similarity_line" else 0.0,
        "eigenvalue_real": np.where(np.arange(10) < level.get("rank", 1), leading[:, None], 0.0) + 0.01 * noise((7, 10)),
        "teacher_eigenvalue_real": np.zeros(10),
        "singular_1": gamma * FRACTIONS * np.exp(0.1 * noise(7)),
        "singular_2": 0.1 * FRACTIONS,
        "true_singular_1": gamma * FRACTIONS,
        "true_singular_2": 0 * FRACTIONS,
        "singular_cosine_left": np.ones(7),
        "singular_cosine_right": FRACTIONS**0.5,
    }


def summary(per_population: int, seed: int = 0) -> xr.Dataset:
    """All students of `per_population` circuits of each kind."""
    rows, coords = [], []
    for architecture, level in POPULATIONS:
        for learner in LEARNERS:
            for index in range(per_population):
                cell = "-".join([architecture, *map(str, level.values())])
                rng = stream(seed, cell, learner, index)
                rows.append(_row(architecture, level, learner, rng))
                coords.append(
                    {"network": network_name("noise", cell, learner, index), "index": index, "status": "ok", "architecture": architecture}
                    | {
                        "learner": learner,
                        "activation": "identity",
                        "gamma_squared": np.nan,
                        "beta": np.nan,
                        "units": np.nan,
                        "rank": np.nan,
                    }
                    | level
                )
    told = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    factors = {name: ("network", np.array([coord[name] for coord in coords])) for name in coords[0]}
    return xr.Dataset(
        {
            name: variable(
                ("network", "timescale") if name.startswith("teacher_eigen") else ("network", "fraction", "timescale")[: values.ndim],
                values,
                name.replace("_", " "),
            )
            for name, values in told.items()
        },
        {name: (dims, values.astype(object) if values.dtype.kind == "U" else values) for name, (dims, values) in factors.items()}
        | {"fraction": FRACTIONS},
    )


def recording() -> dict[str, pd.DataFrame]:
    """Tables of stage `diagnose`."""
    rng, names = stream(0, "recording"), ("map", "autoregression_2", "latent")
    multiples = np.linspace(0, 4, 41)
    return {
        "scores": pd.DataFrame(
            {"student": names, "line_attractor_score": [3.1, 0.4, 0.0], "unstable": [0.0, 0.0, 0.0], "leading_complex": [0.0, 0.0, 1.0]}
        ),
        "eigenvalues": pd.DataFrame(
            {"student": np.repeat(names, 6), "real": rng.uniform(-2, 0.99, 18), "imaginary": rng.uniform(-0.2, 0.2, 18)}
        ),
        "correlations": pd.concat(
            pd.DataFrame({"student": name, "multiple": multiples, "correlation": np.exp(-2 * multiples), "own": np.exp(-multiples)})
            for name in names[::2]
        ),
        "subsamples": pd.DataFrame({"student": np.repeat(names, 5), "units": np.tile([3, 3, 6, 6, 12], 3), "score": rng.uniform(0, 4, 15)}),
    }


def study(per_population: int = 3) -> dict[str, Any]:
    """What figures of students read."""
    return {"summary": summary(per_population), **recording()}
