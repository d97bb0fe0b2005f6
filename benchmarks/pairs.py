"""CPU time of one pair of networks, preparation included: our measures, and what a user would pick instead, on the same states.

    ./run bench pairs               # makes the extra environment, then runs this file

100 random leaky tanh networks on common flip-flop pulses; one thread, pinned to one core. Ours is `represent` and `compare` of the
measure on all 4,950 pairs, as a job of the workflow does it, reading and writing of stores left out; peers are timed on a few pairs.
Engines take turns, each in a process of its own; CPU time of the process, median over turns (slow ones have one turn).

- `products`: nothing but the products Q_i^T Q_j of one triangle of pairs, float64: what cannot be saved. `at 1000`: a pair of 1,000
  networks, where the preparation of a network is shared by ten times the pairs (computed from the two parts).
- svcca (20 components) against the published recipe: SVD of both networks inside the pair loop, then CCA of the leading 20
  (google/svcca, `get_cca_similarity(..., epsilon=1e-10)`), which is not on the package index and is RESTATED here as the same work.
  Measured with the original on an AMD Zen 5 core: 18.8 and 57.7 ms at 64 units (2,048 and 8,192 samples), 108 and 481 ms at 256. The
  benchmark stops if the two disagree on a distance by more than 1e-5 (what epsilon does to the peer).
- svcca against netrep's `LinearMetric(alpha=0).fit_score`, which is CCA over all units (RESTATED likewise; original: 4.6, 13.2, 52,
  135 ms), scikit-learn's `CCA(n_components=10).fit` (at 2,048 samples only, for time), and DSA 2.0.2 (5 delays, rank 20, Wasserstein
  score, the 15 pairs of 6 networks): other quantities for the same end.
- procrustes, all units (`components` = units, so exact), and cut to 20, against netrep's alpha=1 (RESTATED; original: 2.4, 8.1, 25,
  74 ms); the benchmark stops where the exact one and the peer differ by more than 1e-6 rad. The exact one at 256 units is timed on 30
  networks and, from the two parts, stated for 100.
- graphs: transition matrices of 27 labels, best of 48 relabellings, against a loop over pairs that takes 48 norms each.

The last line is `worst: R`, the smallest ratio of the published SVCCA recipe's time to ours over the rows with a goal.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import numpy as np

NETWORKS, COMPONENTS = 100, 20
PAIRS = NETWORKS * (NETWORKS - 1) // 2
SIZES = ((2048, 64), (8192, 64), (2048, 256), (8192, 256))
STEPS = 128
TURNS = {"ours": 2, "published": 2, "exact": 1, "others": 1}
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")}
#: Published recipe's time over ours.
GOALS = {64: 300, 256: 1000}


@cache
def states(networks: int, samples: int, units: int) -> np.ndarray:
    """x <- (x + tanh(W x + B u)) / 2 of each network on the same pulses, as [network, trial, time, unit] in float32."""
    rng = np.random.default_rng(0)
    trials = samples // STEPS
    pulses = (rng.choice([-1, 0, 1], p=[0.1, 0.8, 0.1], size=(STEPS, trials, 3))).astype(np.float32)
    found = np.empty((networks, trials, STEPS, units), np.float32)
    for network in found:
        recurrent = (rng.standard_normal((units, units)) * 1.2 / units**0.5).astype(np.float32)
        drive = pulses @ rng.standard_normal((3, units)).astype(np.float32)
        state = np.zeros((trials, units), np.float32)
        for step in range(STEPS):
            state = (state + np.tanh(state @ recurrent + drive[step])) / 2
            network[:, step] = state
    return found


def flat(networks: int, samples: int, units: int) -> list[np.ndarray]:
    """The same as peers take them: float64, [sample, unit]."""
    return list(states(networks, samples, units).reshape(networks, samples, units).astype(np.float64))


def cpu_ms(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return 1e3 * (time.process_time() - start)


def each_pair(compare: Callable[[np.ndarray, np.ndarray], object], samples: list[np.ndarray], pairs: int) -> float:
    """Median CPU ms of a pair, after one that does not count."""
    chosen = [pair for pair, _ in zip(itertools.combinations(samples, 2), range(pairs + 1), strict=False)]
    return statistics.median([cpu_ms(lambda pair=pair: compare(*pair)) for pair in chosen][1:])


# ---- ours


def measure_all(entry: dict, samples: int, units: int, runs: int, networks: int = NETWORKS) -> tuple[float, float, float]:
    """CPU ms of a pair, preparation included; the same at 1,000 networks; and the distance of the first pair, for checks."""
    import xarray as xr

    from rnnpop.names import variable
    from rnnpop.variants import load

    recorded = states(networks, samples, units)
    trajectories = xr.Dataset(
        {"state": variable(("network", "trial", "time", "unit"), recorded, "state")},
        coords={
            "network": np.array([f"network/{number:05d}" for number in range(networks)], dtype=object),
            "status": ("network", np.array(["ok"] * networks, dtype=object)),
            "batch": ("trial", np.zeros(recorded.shape[1], int)),
        },
    )
    measure = load("measures", entry)
    few = measure.represent({"trajectories": trajectories.isel(network=slice(3))})
    distance = float(measure.compare(few, few)["distance"][0, 1])
    parts = []
    for _ in range(runs):
        start = time.process_time()
        represented = measure.represent({"trajectories": trajectories})
        middle = time.process_time()
        measure.compare(represented, represented)
        pairs = networks * (networks - 1) / 2
        parts.append((1e3 * (middle - start) / networks, 1e3 * (time.process_time() - middle) / pairs))
    represent, compare = (statistics.median(part) for part in zip(*(parts[1:] or parts), strict=True))  # the first touches new memory
    return represent * 2 / (NETWORKS - 1) + compare, represent * 2 / 999 + compare, distance


def products(samples: int, components: int, networks: int = NETWORKS) -> float:
    """CPU ms of the products of a pair: rows of networks against all that follow, a few at a time."""
    bases = np.random.default_rng(0).standard_normal((networks * components, samples))
    panel = max(1, 256 // components) * components

    def multiply() -> None:
        for start in range(0, len(bases), panel):
            bases[start : start + panel] @ bases[start:].T

    multiply()
    return cpu_ms(multiply) / (networks * (networks - 1) / 2)


def ours(samples: int, units: int) -> dict[str, float]:
    took, thousand, distance = measure_all({"kind": "svcca", "components": COMPONENTS}, samples, units, 3)
    cut, cut_thousand, _ = measure_all({"kind": "shape", "components": COMPONENTS}, samples, units, 2)
    alone = products(samples, COMPONENTS)
    return {
        "svcca": took,
        "svcca at 1000": thousand,
        "svcca products": alone,
        "svcca distance": distance,
        "procrustes 20": cut,
        "procrustes 20 at 1000": cut_thousand,
        "procrustes 20 products": alone,
    }


def exact(samples: int, units: int) -> dict[str, float]:
    networks = NETWORKS if units < 128 else 30  # for time
    took, thousand, distance = measure_all({"kind": "shape", "components": units}, samples, units, 2, networks)
    return {
        "procrustes": took,
        "procrustes at 1000": thousand,
        "procrustes products": products(samples, units, networks),
        "procrustes distance": distance,
    }


# ---- peers


def svcca_published(first: np.ndarray, second: np.ndarray) -> float:
    """1 - mean coefficient; restated: SVD of both, then covariances, pseudo-inverses, their roots, and the SVD of what is between."""

    def leading(activations: np.ndarray) -> np.ndarray:
        _, singular, directions = np.linalg.svd(activations - activations.mean(axis=1, keepdims=True), full_matrices=False)
        return np.diag(singular[:COMPONENTS]) @ directions[:COMPONENTS]

    covariance = np.cov(leading(first.T), leading(second.T))
    k = COMPONENTS
    scale = [np.abs(block).max() for block in (covariance[:k, :k], covariance[k:, k:])]
    roots = []
    for block, largest in zip((covariance[:k, :k], covariance[k:, k:]), scale, strict=True):
        values, vectors = np.linalg.eigh(np.linalg.pinv(block / largest + 1e-10 * np.eye(k)))
        roots.append(vectors @ np.diag(np.sqrt(values)) @ vectors.T)
    coefficients = np.linalg.svd(roots[0] @ (covariance[:k, k:] / np.sqrt(scale[0] * scale[1])) @ roots[1])[1]
    return 1.0 - float(coefficients.mean())


def netrep(alpha: float) -> Callable[[np.ndarray, np.ndarray], float]:
    """Angle after alignment; restated: centre, whiten, SVD of the product, map both, angle of what comes out."""

    def whitened(centred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if alpha == 1:
            return centred, np.eye(centred.shape[1])
        values, vectors = np.linalg.eigh(centred.T @ centred)
        values = np.maximum(values, 1e-7)
        kept = np.sqrt(values.sum() / len(values))  # the variance that there was
        whitening = (vectors * (kept / np.sqrt(values))) @ vectors.T
        return centred @ whitening, whitening

    def fit_score(first: np.ndarray, second: np.ndarray) -> float:
        means = [samples.mean(axis=0) for samples in (first, second)]
        (one, first_map), (other, second_map) = (whitened(samples - mean) for samples, mean in zip((first, second), means, strict=True))
        left, _, right = np.linalg.svd(one.T @ other)
        one, other = (first - means[0]) @ (first_map @ left), (second - means[1]) @ (second_map @ right.T)
        cosine = one.ravel() @ other.ravel() / (np.linalg.norm(one) * np.linalg.norm(other))
        return float(np.arccos(np.clip(cosine, -1, 1)))

    return fit_score


def published(samples: int, units: int) -> dict[str, float]:
    held = flat(4, samples, units)
    return {
        "SVCCA as published": each_pair(svcca_published, held, 3),
        "netrep, alpha 0": each_pair(netrep(0.0), held, 5),
        "netrep, alpha 1": each_pair(netrep(1.0), held, 5),
        "svcca distance": svcca_published(*held[:2]),
        "procrustes distance": netrep(1.0)(*held[:2]),
    }


def others(samples: int, units: int) -> dict[str, float]:
    import warnings

    from sklearn.cross_decomposition import CCA

    warnings.simplefilter("ignore")  # not converged in 500 iterations: what its user gets
    found = {}
    if samples == 2048:
        one, other = flat(2, samples, units)
        found["scikit-learn CCA, 10"] = cpu_ms(lambda: CCA(n_components=10).fit(one, other))

    from DSA import DSA

    held = [network.reshape(-1, STEPS, units) for network in flat(6, samples, units)]
    dsa = DSA(held, n_delays=5, rank=20, score_method="wasserstein", device="cpu", verbose=False)
    found["DSA 2.0.2"] = cpu_ms(dsa.fit_score) / 15
    return found


def graphs() -> tuple[float, float]:
    """CPU ms of a pair: ours on 4950, a plain loop on a few; they must agree."""
    from rnnpop.numerics.graphs import cube_group, graph_distances

    matrices = np.random.default_rng(0).dirichlet(np.ones(27), size=(NETWORKS, 27))
    group = cube_group(3)

    def plain(one: np.ndarray, other: np.ndarray) -> float:
        return min(float(np.linalg.norm(one - other[np.ix_(element, element)])) for element in group) / 27**0.5

    found = graph_distances(matrices[:2], matrices[:2], group)[0, 1]
    if abs(found - plain(*matrices[:2])) > 1e-5:
        sys.exit("graphs: ours and the plain loop disagree")
    return cpu_ms(lambda: graph_distances(matrices, matrices, group)) / PAIRS, each_pair(plain, list(matrices), 50)


# ---- the table


def measure(engine: str, *sizes: int) -> dict[str, float]:
    """One turn of one engine, in a process of its own on the last core."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")} | ONE_THREAD
    core = str(max(os.sched_getaffinity(0)))
    command = ["taskset", "-c", core, sys.executable, __file__, engine, *map(str, sizes)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{engine} {sizes}: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def median(turns: Iterable[dict[str, float]]) -> dict[str, float]:
    turns = list(turns)
    return {name: statistics.median(turn[name] for turn in turns) for name in turns[0]}


def main() -> None:
    print(f"CPU ms per pair, preparation included; {NETWORKS} networks, {PAIRS} pairs (peers: a few)")
    head = f"{'measure':<14} {'samples':>7} {'units':>5} {'ours':>8} {'at 1000':>8} {'products':>8} {'ours/products':>13}"
    print(f"{head}   {'peer':<20} {'peer ms':>8} {'peer/ours':>9} {'goal':>6}")
    worst = float("inf")
    for samples, units in SIZES:
        turns = {engine: [] for engine in TURNS}
        for turn in range(max(TURNS.values())):
            for engine in TURNS:
                if turn < TURNS[engine]:
                    turns[engine].append(measure(engine, samples, units))
        own = median(turns["ours"]) | median(turns["exact"])
        peers = median(turns["published"]) | median(turns["others"])
        for name, tolerance in (("svcca distance", 1e-5), ("procrustes distance", 1e-6)):
            if abs(own.pop(name) - peers.pop(name)) > tolerance:
                sys.exit(f"{name}: ours and the peer's disagree at {samples} samples, {units} units")
        rivals = {name: "svcca" for name in peers} | {"netrep, alpha 1": "procrustes"}
        for peer, name in [*rivals.items(), ("netrep, alpha 1", "procrustes 20")]:
            ratio = peers[peer] / own[name]
            goal = str(GOALS[units]) if peer == "SVCCA as published" else ""
            if goal:
                worst = min(worst, ratio)
            alone = own[f"{name} products"]
            times = f"{own[name]:>8.4f} {own[f'{name} at 1000']:>8.4f} {alone:>8.4f} {own[name] / alone:>13.2f}"
            line = f"{name:<14} {samples:>7} {units:>5} {times}"
            print(f"{line}   {peer:<20} {peers[peer]:>8.2f} {ratio:>9.1f} {goal:>6}", flush=True)
    found = measure("graphs")
    print(f"{'graphs, 48':<14} {'':>7} {'':>5} {found['ours']:>8.4f} {'':>8} {'':>8} {'':>13}   {'plain loop':<20}", end="")
    print(f" {found['plain']:>8.2f} {found['plain'] / found['ours']:>9.1f}")
    print(f"worst: {worst:.0f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
        if sys.argv[1] == "graphs":
            print(json.dumps(dict(zip(("ours", "plain"), graphs(), strict=True))))
        else:
            engine = {"ours": ours, "exact": exact, "published": published, "others": others}[sys.argv[1]]
            print(json.dumps(engine(*map(int, sys.argv[2:]))))
    else:
        main()
