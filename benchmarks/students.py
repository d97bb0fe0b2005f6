"""CPU time of fitting students: an iteration of expectation maximisation beside other packages, and whole fits of ours.

    ./run bench students

An iteration is one E-step and one M-step of a linear dynamical system with 10 latents, on one recording of 10,000 steps of 50 channels,
float64, one thread pinned to one core. Engines take turns, each in a process of its own; CPU time of the process, with imports, compilation
and the start left out; median over turns (slow ones have one turn).

- ours: `numerics/linear_gaussian.py`, full Q, diagonal R, offsets.
- dynamax: `LinearGaussianSSM.fit_em` (JAX), full Q and R; the slope between few and more iterations.
- statsmodels: `DynamicFactorMQ.fit_em`, diagonal R, no inputs; the slope, too.
- pykalman: `KalmanFilter.em` of all its parameters, no inputs; one iteration.
- ssm (Laplace-EM) cannot be had from the package index; its row says what others measured, on another machine.

Whole fits are of one teacher of 500 units, at 12 fractions of units watched, recording left out: the limit of long recordings (one Lyapunov
equation and 12 solutions), maximum a posteriori (30,000 steps), and 60 iterations with 5 latents (5,000 steps and an input).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

STEPS, CHANNELS, LATENTS = 10_000, 50, 10
UNITS, FRACTIONS = 500, 12


def seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def activity() -> np.ndarray:
    """Ten modes, the two slowest of .9990 and .9800 a step, in noise."""
    rng = np.random.default_rng(0)
    modes = np.array([0.999, 0.98, *np.linspace(0.9, 0.2, LATENTS - 2)])
    states = np.zeros((STEPS, LATENTS))
    noise = 0.1 * rng.standard_normal((STEPS, LATENTS))
    for t in range(STEPS - 1):
        states[t + 1] = modes * states[t] + noise[t]
    return states @ rng.standard_normal((LATENTS, CHANNELS)) + 0.3 * rng.standard_normal((STEPS, CHANNELS))


def slope(call: Callable[[int], object], few: int, more: int) -> float:
    """Of one iteration, what a call costs beside its iterations left out."""
    call(few)
    short = seconds(lambda: call(few))
    return (seconds(lambda: call(more)) - short) / (more - few)


def ours() -> float:
    from rnnpop.numerics.linear_gaussian import Observations, expectation_maximisation, principal_start

    observed = Observations.of(activity()[None], np.zeros((1, STEPS, 0)))
    start = principal_start(observed, LATENTS, np.random.default_rng(0))
    return slope(lambda count: expectation_maximisation(start, observed, count, 0.0), 5, 55)


def dynamax() -> float:
    import jax

    jax.config.update("jax_enable_x64", True)
    from dynamax.linear_gaussian_ssm import LinearGaussianSSM

    model, seen = LinearGaussianSSM(LATENTS, CHANNELS), jax.numpy.array(activity())
    start = model.initialize(jax.random.PRNGKey(0))
    return slope(lambda count: model.fit_em(*start, seen, num_iters=count, verbose=False)[1].block_until_ready(), 2, 22)


def statsmodels() -> float:
    from statsmodels.tsa.statespace.dynamic_factor_mq import DynamicFactorMQ

    model = DynamicFactorMQ(activity(), factors=LATENTS, factor_orders=1, idiosyncratic_ar1=False, standardize=False)
    return slope(lambda count: model.fit_em(maxiter=count, tolerance=0, full_output=False), 1, 4)


def pykalman() -> float:
    from pykalman import KalmanFilter

    seen = activity()
    return seconds(lambda: KalmanFilter(n_dim_state=LATENTS, n_dim_obs=CHANNELS, em_vars="all").em(seen, n_iter=1))


def fits(name: str) -> float:
    from rnnpop.numerics.stationary import Stationary
    from rnnpop.variants import load

    rng = np.random.default_rng(0)
    circuit = load("cells", {"kind": "null_low_rank" if name == "limit" else "chain", "units": UNITS})
    wiring = circuit.wiring(rng)
    learner = load("learners", STUDENTS[name])
    task = load("tasks", {"kind": "integration"} if name == "latent" else {"kind": "noise"})
    watched = [np.arange(units) for units in np.geomspace(5, UNITS // 2, FRACTIONS).astype(int)]
    recording = None if name == "limit" else task.record(circuit.recurrence(wiring), rng)

    def fit() -> None:
        whole = recording or Stationary.of(wiring.weights, circuit.leak, basis=wiring.basis, core=wiring.core)
        for units in watched:
            learner.fit([whole.observed(units)], [rng])

    return seconds(fit)


STUDENTS: dict[str, dict[str, Any]] = {
    "limit": {"kind": "long_time_limit"},
    "map": {"kind": "maximum_a_posteriori"},
    "latent": {"kind": "linear_dynamical_system", "latents": 5, "iterations": 60, "tolerance": 0.0},
}
#: Engine, and its turns.
PEERS = {"ours": 3, "dynamax": 3, "statsmodels": 1, "pykalman": 1}
ENGINES: dict[str, Callable[[], float]] = {"ours": ours, "dynamax": dynamax, "statsmodels": statsmodels, "pykalman": pykalman}


def measure(name: str) -> float:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[1] / "workflow"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run([sys.executable, __file__, name], env=environment, capture_output=True, text=True, check=False)
    return float(done.stdout.split()[-1]) if done.returncode == 0 else float("nan")


def main() -> None:
    if len(sys.argv) == 2:
        name = sys.argv[1]
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        print(ENGINES[name]() if name in ENGINES else fits(name))
        return
    taken: dict[str, list[float]] = {name: [] for name in PEERS}
    for turn in range(max(PEERS.values())):
        for name, turns in PEERS.items():
            if turn < turns:
                taken[name].append(measure(name))
    own = statistics.median(taken["ours"])
    print("| engine | ms an iteration | over ours |\n|---|---|---|")
    for name, times in taken.items():
        time_taken = statistics.median(times)
        print(
            f"| {name} | {1000 * time_taken:.1f} | {time_taken / own:.0f} |" if np.isfinite(time_taken) else f"| {name} | did not run | |"
        )
    print("| ssm | not installable; elsewhere 280 at half the steps, channels and latents | |")
    print("\n| student, 12 fractions of one teacher | s |\n|---|---|")
    for name in STUDENTS:
        print(f"| {name} | {measure(name):.2f} |", flush=True)


if __name__ == "__main__":
    main()
