"""CPU time of finding the fixed points of one trained network: this finder, Adam on q, and BrainPy, side by side on the same networks.

    ./run bench fixed_points        # makes the extra environment, then runs this file

Each network is trained here, by the project's engine, on the flip-flop of three channels; 27 fixed points are its ideal. One
thread, pinned to one core; each engine in a process of its own, imports not counted; CPU time of the whole search: starts,
descent, distinct points, their Jacobians and eigenvalues. Ours takes turns with each run of a peer (median of its turns); the
slow peers have one turn.

- ours: `search` of `stages/settle.py`, as the workflow calls it for each network: float64, with the default config's settings.
- FixedPointFinder: a restatement, for it is not on the package index: its joint optimisation in torch (Golub & Sussillo 2018; version of
  2023): float32, Adam on the mean of q = |F(h) − h|²/2 over 1,024 starts (visited states with Gaussian noise of 0.5), at most 5,000
  iterations, rate times 0.95 after two iterations without improvement, end where every start has q < 1e-12 or moves q by less than
  1e-20 times the rate; points alike within 1e-3 in every component are one; then their Jacobians (once, all together: the original
  computes each a second time and throws it away) and eigenvalues. Three first rates: 1.0, its default, 0.1 and 0.01. The original has no
  LSTM in torch; the restatement takes its state [h; c]. Measured elsewhere, the original itself took 2.3 and 6.9 s on tanh
  networks of 64 and 128 units, 14 to 17 s and 48 to 56 s on GRUs (0 to 25 and 0 to 7 of 27 points), where a plain batched Newton took
  0.35, 1.7, 0.7 and 5.5 s.
- BrainPy 2.8.2: `SlowPointFinder.find_fps_with_gd_method` at its defaults from the same 1,024 starts, then its `keep_unique`,
  `compute_jacobians`, and eigenvalues; compilation counted, as each network is compiled for itself.

A process that takes more than 100 CPU seconds, imports included, is stopped, and its time is `inf`.

A point counts if q < 1e-12 in float64 and it lies in the box of visited states (`Box.around`); `found` is the number of distinct ones,
and `of` that of all engines together. FixedPointFinder's best setting is the fastest of those that find most. The last line is
`worst: R`, the smallest ratio of that setting's time to ours over the rows.
"""

from __future__ import annotations

import json
import math
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

HOME = Path(__file__).parents[1]
CELLS = ("vanilla", "gru", "lstm")
UNITS = (64, 128)
RATES = (1.0, 0.1, 0.01)
STARTS, NOISE, ITERATIONS = 1024, 0.5, 5000
#: CPU seconds after which a process is stopped; its time is then `inf`.
LIMIT = 100
TASK = {"kind": "flip_flop", "steps": 64, "criterion": 0.002}
LEARNER = {"kind": "adam", "learning_rate": 0.01, "steps": 1000, "clip": 0.3, "l2": 1e-4, "penalise": "all", "patience": 8}
SETTINGS = {"starts": 256, "rounds": 4, "tolerance": 1e-8, "slow": 1e-3, "merge": 1e-3, "outlier": 2.0}
ONE_THREAD = {
    **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")},
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}


def train(kind: str, units: int, folder: Path) -> dict[str, Any]:
    """A trained network and the states that it visits, as `folder/network.npz`; says its loss."""
    from rnnpop.numerics.affine import DIMENSIONS
    from rnnpop.stages.record import record
    from rnnpop.stages.train import train as trained
    from rnnpop.variants import load

    cell, task, names = (
        load("cells", {"kind": kind, "units": units}),
        load("tasks", TASK),
        {"task": "flip_flop", "cell": kind, "learner": "adam"},
    )
    networks = trained(task, cell, load("learners", LEARNER), study="bench", names=names, indexes=[0], factors={}, seed=1, device="cpu")
    seen = record(networks, task, cell, names=names, seed=1)
    visited = seen["state"].values[0, seen["batch"].values == 0].reshape(-1, seen.sizes["unit"])
    np.savez(folder / "network.npz", visited=visited, **{name: networks[name].values[0, -1] for name in DIMENSIONS})
    return {"loss": float(networks["final_loss"][0])}


def network(kind: str, units: int, folder: Path) -> tuple[Any, dict[str, Any], np.ndarray]:
    """Cell, parameters and visited states, float64."""
    import torch

    from rnnpop.variants import load

    arrays = {name: value.astype(np.float64) for name, value in np.load(folder / "network.npz").items()}
    visited = arrays.pop("visited")
    return load("cells", {"kind": kind, "units": units}), {name: torch.from_numpy(value) for name, value in arrays.items()}, visited


def noisy_starts(visited: np.ndarray) -> np.ndarray:
    """The peers' starts, float32."""
    rng = np.random.default_rng(2)
    starts = visited[rng.integers(len(visited), size=STARTS)] + NOISE * rng.standard_normal((STARTS, visited.shape[1]))
    return starts.astype(np.float32)


def ours(kind: str, units: int, folder: Path) -> tuple[float, np.ndarray]:
    from rnnpop.stages.settle import search

    cell, parameters, visited = network(kind, units, folder)
    taken = []
    for _ in range(4):  # the first call does not count
        start = time.process_time()
        points = search(cell, parameters, np.zeros(3), visited, SETTINGS, np.random.default_rng(3))
        taken.append(time.process_time() - start)
    return statistics.median(taken[1:]), points.state[points.fixed]


def descent(kind: str, units: int, folder: Path, rate: float) -> tuple[float, np.ndarray]:
    import torch

    cell, parameters, visited = network(kind, units, folder)
    weights, still = {name: value.float() for name, value in parameters.items()}, torch.zeros(3)
    start = time.process_time()
    h = torch.from_numpy(noisy_starts(visited)).requires_grad_()
    optimiser = torch.optim.Adam([h], lr=rate)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, factor=0.95, patience=2)
    before = torch.full((STARTS,), torch.nan)
    for _ in range(ITERATIONS):
        optimiser.zero_grad()
        q = (h - cell.step(weights, still, h)).square().sum(1) / 2
        mean = q.mean()
        mean.backward()
        optimiser.step()
        scheduler.step(mean.item())
        q = q.detach()
        if (((q - before).abs() < 1e-20 * scheduler.get_last_lr()[0]) | (q < 1e-12)).all():
            break
        before = q
    points = distinct(h.detach(), 1e-3)
    # summed over points, so that one pass gives a row of all their Jacobians
    jacobians = torch.autograd.functional.jacobian(lambda state: cell.step(weights, still, state).sum(0), points)
    np.linalg.eig(jacobians.transpose(0, 1).numpy())
    return time.process_time() - start, points.numpy()


def distinct(points: Any, tolerance: float) -> Any:
    """The first of all points that are alike within the tolerance in every component."""
    import torch

    kept = points[:0]
    for point in points:
        if not len(kept) or (kept - point).abs().amax(1).min() > tolerance:
            kept = torch.cat([kept, point[None]])
    return kept


def brainpy(kind: str, units: int, folder: Path) -> tuple[float, np.ndarray]:
    import brainpy
    import jax.numpy as jnp
    from jax.nn import sigmoid

    _, parameters, visited = network(kind, units, folder)
    W, b = (jnp.asarray(parameters[name].numpy(), dtype=jnp.float32) for name in ("recurrent_weights", "bias"))

    def step(h: Any) -> Any:
        if kind == "vanilla":
            return jnp.tanh(W[0] @ h + b[0])
        if kind == "gru":
            u, r = sigmoid(W[0] @ h + b[0]), sigmoid(W[1] @ h + b[1])
            return u * h + (1 - u) * jnp.tanh(W[2] @ (r * h) + b[2])
        f, i, o, g = jnp.split((W.reshape(-1, units) @ h[:units]) + b.ravel(), 4)
        c = sigmoid(f + 1) * h[units:] + sigmoid(i) * jnp.tanh(g)
        return jnp.concatenate([sigmoid(o) * jnp.tanh(c), c])

    start = time.process_time()
    finder = brainpy.analysis.SlowPointFinder(step, f_type="discrete", verbose=False)
    finder.find_fps_with_gd_method(noisy_starts(visited))
    finder.keep_unique()
    points = finder.fixed_points
    np.linalg.eig(np.asarray(finder.compute_jacobians(points)))
    return time.process_time() - start, points


def exact(points: np.ndarray, kind: str, units: int, folder: Path) -> np.ndarray:
    """Those of the points that are fixed, to q < 1e-12 in float64, and lie in the box; one for each that there is."""
    import torch

    from rnnpop.numerics.fixed_points import Box, merge

    cell, parameters, visited = network(kind, units, folder)
    states, box = torch.from_numpy(points.astype(np.float64)), Box.around(torch.from_numpy(visited))
    q = (cell.step(parameters, torch.zeros(3, dtype=torch.float64), states) - states).square().sum(1) / 2
    kept = (q < 1e-12) & (states == box.clamp(states)).all(1)
    states, radius = states[kept].numpy(), SETTINGS["merge"] * float(np.median(np.linalg.norm(visited, axis=1)))
    return states[merge(states, q[kept].numpy(), radius)[0]]


def run(engine: str, kind: str, units: int, folder: Path) -> Any:
    """One turn of one engine, in a process of its own on the last core."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")} | ONE_THREAD
    core = str(max(os.sched_getaffinity(0)))
    command = ["taskset", "-c", core, sys.executable, __file__, engine, kind, str(units), str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode == -signal.SIGXCPU:
        return {"seconds": math.inf}
    if done.returncode:
        sys.exit(f"{engine} {kind} {units}: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def compare(kind: str, units: int, folder: Path) -> tuple[dict[str, float], dict[str, int], int]:
    """CPU seconds and exact points of every engine on one network, and how many points there are in all."""
    run("train", kind, units, folder)
    peers = [f"fpf:{rate}" for rate in RATES] + ["brainpy"]
    turns = []
    for peer in peers:
        turns.append(run("ours", kind, units, folder)["seconds"])
        print(f"  {kind} {units} {peer}: ", end="", file=sys.stderr, flush=True)
        took = run(peer, kind, units, folder)["seconds"]
        print(f"{took:.2f} s", file=sys.stderr, flush=True)
        turns.append(took)
    seconds = dict(zip(peers, turns[1::2], strict=True)) | {"ours": statistics.median(turns[::2])}
    ended = [engine for engine in seconds if math.isfinite(seconds[engine])]
    points = {engine: exact(np.load(folder / f"{engine}.npy"), kind, units, folder) for engine in ended}
    every = exact(np.concatenate(list(points.values())), kind, units, folder)
    return seconds, {engine: len(found) for engine, found in points.items()}, len(every)


def main() -> None:
    print(f"CPU s for one network, and distinct exact fixed points found; peers from {STARTS} starts, one turn")
    titles = " ".join(f"{title:>13}" for title in ("ours", *(f"Adam {rate}" for rate in RATES), "BrainPy"))
    print(f"{'cell':<8} {'units':>5} {'of':>3} {titles} {'best/ours':>10}")
    worst = float("inf")
    for units in UNITS:
        for kind in CELLS:
            with tempfile.TemporaryDirectory() as folder:
                seconds, found, every = compare(kind, units, Path(folder))
            rates = [f"fpf:{rate}" for rate in RATES]
            best = min(rates, key=lambda engine: (-found.get(engine, 0), seconds[engine]))
            cells = " ".join(f"{seconds[engine]:>7.3f} ({found.get(engine, 0):>3})" for engine in ("ours", *rates, "brainpy"))
            print(f"{kind:<8} {units:>5} {every:>3} {cells} {seconds[best] / seconds['ours']:>10.1f}", flush=True)
            worst = min(worst, seconds[best] / seconds["ours"])
    print(f"worst: {worst:.1f}")


sys.path.insert(0, str(HOME / "workflow"))
if __name__ == "__main__":
    if len(sys.argv) == 5:
        import torch

        torch.set_num_threads(1)
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT + 5))
        engine, kind, units, folder = sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
        if engine == "train":
            print(json.dumps(train(kind, units, folder)))
        else:
            name, _, rate = engine.partition(":")
            arguments = (kind, units, folder, float(rate)) if rate else (kind, units, folder)
            seconds, points = {"ours": ours, "fpf": descent, "brainpy": brainpy}[name](*arguments)
            np.save(folder / f"{engine}.npy", points)
            print(json.dumps({"seconds": seconds}))
    else:
        main()
