"""CPU time of one training step of one network: this engine, torch.nn, and JAX, side by side on the same work.

    ./run bench training            # makes the extra environment, then runs this file

One thread, pinned to one core, 3 inputs and outputs, batch 64, 64 steps, float32: forward, squared error, backward, Adam.
The three take turns, each in a process of its own, so that a drift of the machine's speed meets all of them; CPU time of the
process, median over steps, then over turns.

- ours: `Lane.step_gradient` and `Lane.adam` (L2 penalty and clip included), one network. `plain` is the same without a C compiler.
- torch.nn: `nn.RNN`, `nn.GRU`, `nn.LSTM` with `nn.Linear` and `torch.optim.Adam`; torch.nn has no UGRNN, so a loop in eager
  autograd. (Its GRU applies the reset gate after the matrix, which is one product less in sequence than ours.)
- JAX: `jit(value_and_grad(scan))` with projection, readout and loss inside the scan, Adam in the same jit, buffers donated, huge
  pages and a malloc that keeps freed memory; no vmap, which is no faster on one core.

`limit` is what the products of matrices alone would take, 6 T B (G n (3 + n) + 3 n) operations (G gates, n units), at the rate of the
fastest 1024³ product in float32 (MKL's in torch or OpenBLAS's in NumPy), measured in the same run.

The last line is `worst: R`, the smallest ratio of JAX's time to ours over the rows.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

CELLS = ("vanilla", "ugrnn", "gru", "lstm")
UNITS = (64, 128)
STEPS, TRIALS, CHANNELS = 64, 64, 3
TURNS, SECONDS = 3, 2.5
ENGINES = ("ours", "plain", "torch", "jax")
ONE_THREAD = {
    **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")},
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}
KEPT_MEMORY = {
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "34359738368",
    "MALLOC_TOP_PAD_": "268435456",
}


def timed(step: Callable[[], object]) -> float:
    """Median CPU seconds of a call, after five that do not count."""
    for _ in range(5):
        step()
    taken: list[float] = []
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        start = time.process_time()
        step()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def ours(kind: str, units: int) -> float:
    import numpy as np
    import torch

    from rnnpop.numerics.lanes import Lane
    from rnnpop.variants import load

    cell = load("cells", {"kind": kind, "units": units})
    initial = cell.init(np.random.default_rng(0), CHANNELS, CHANNELS)
    lane = Lane(cell, [initial], steps=STEPS, trials=TRIALS, dtype=torch.float32, device=torch.device("cpu"))
    inputs, targets = torch.randn(1, STEPS, TRIALS, CHANNELS), torch.randn(1, STEPS, TRIALS, CHANNELS)
    rate, l2, clip = torch.full((1,), 1e-3), torch.full((1,), 1e-5), torch.full((1,), 1.0)
    count = iter(range(1, 10**9))

    def step() -> None:
        lane.step_gradient(inputs, targets)
        lane.adam(next(count), rate, l2, clip, beta1=0.9, beta2=0.999, epsilon=1e-8)

    return timed(step)


def peak() -> float:
    """Operations per CPU second of the fastest product of 1024 x 1024 matrices at hand."""
    import numpy as np
    import torch

    size = 1024
    left, right = (np.random.default_rng(seed).standard_normal((size, size), dtype=np.float32) for seed in (0, 1))
    torch_left, torch_right = torch.from_numpy(left), torch.from_numpy(right)
    return 2 * size**3 / min(timed(lambda: left @ right), timed(lambda: torch_left @ torch_right))


def operations(kind: str, units: int) -> int:
    gates = CELLS.index(kind) + 1
    return 6 * STEPS * TRIALS * (gates * units * (CHANNELS + units) + CHANNELS * units)


def torch_nn(kind: str, units: int) -> float:
    import torch
    from torch import nn

    class UGRNN(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.drive, self.recur = nn.Linear(CHANNELS, 2 * units), nn.Linear(units, 2 * units, bias=False)

        def forward(self, inputs: torch.Tensor) -> tuple[torch.Tensor, None]:
            driven, hidden, states = self.drive(inputs), inputs.new_zeros(TRIALS, units), []
            for drive in driven:
                gate, candidate = (drive + self.recur(hidden)).chunk(2, -1)
                gate = torch.sigmoid(gate)
                hidden = gate * hidden + (1 - gate) * torch.tanh(candidate)
                states.append(hidden)
            return torch.stack(states), None

    makers = {"vanilla": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
    cell = UGRNN() if kind == "ugrnn" else makers[kind](CHANNELS, units)
    readout = nn.Linear(units, CHANNELS)
    optimiser = torch.optim.Adam([*cell.parameters(), *readout.parameters()], 1e-3)
    inputs, targets = torch.randn(STEPS, TRIALS, CHANNELS), torch.randn(STEPS, TRIALS, CHANNELS)

    def step() -> None:
        optimiser.zero_grad()
        (readout(cell(inputs)[0]) - targets).square().mean().backward()
        optimiser.step()

    return timed(step)


def jax_scan(kind: str, units: int) -> float:
    import jax
    import jax.numpy as jnp

    gates = {"vanilla": 1, "ugrnn": 2, "gru": 3, "lstm": 4}[kind]
    keys = jax.random.split(jax.random.PRNGKey(0), 5)
    scale = units**-0.5
    parameters = {
        "A": jax.random.normal(keys[0], (CHANNELS, gates * units)) * CHANNELS**-0.5,
        "W": jax.random.normal(keys[1], (units, gates * units)) * scale,
        "b": jnp.zeros(gates * units),
        "C": jax.random.normal(keys[2], (units, CHANNELS)) * scale,
        "d": jnp.zeros(CHANNELS),
    }
    inputs, targets = (jax.random.normal(key, (STEPS, TRIALS, CHANNELS)) for key in keys[3:])

    def cell(p, state, x):
        driven = x @ p["A"] + p["b"]
        if kind == "vanilla":
            return (h := jnp.tanh(driven + state @ p["W"])), h
        if kind == "ugrnn":
            u, c = jnp.split(driven + state @ p["W"], 2, -1)
            u = jax.nn.sigmoid(u)
            return (h := u * state + (1 - u) * jnp.tanh(c)), h
        if kind == "gru":
            u, r = jnp.split(jax.nn.sigmoid(driven[:, : 2 * units] + state @ p["W"][:, : 2 * units]), 2, -1)
            c = jnp.tanh(driven[:, 2 * units :] + (r * state) @ p["W"][:, 2 * units :])
            return (h := u * state + (1 - u) * c), h
        hidden, memory = state
        f, i, o, g = jnp.split(driven + hidden @ p["W"], 4, -1)
        memory = jax.nn.sigmoid(f + 1) * memory + jax.nn.sigmoid(i) * jnp.tanh(g)
        return ((h := jax.nn.sigmoid(o) * jnp.tanh(memory)), memory), h

    def loss(p):
        zero = jnp.zeros((TRIALS, units))

        def one(carry, seen):
            state, h = cell(p, carry[0], seen[0])
            return (state, carry[1] + jnp.sum((h @ p["C"] + p["d"] - seen[1]) ** 2)), None

        start = ((zero, zero) if kind == "lstm" else zero, jnp.float32(0))
        return jax.lax.scan(one, start, (inputs, targets))[0][1] / targets.size

    def update(p, m, v, count):
        error, g = jax.value_and_grad(loss)(p)
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        a, b = 1 - 0.9**count, 1 - 0.999**count
        p = jax.tree.map(lambda p, m, v: p - 1e-3 * (m / a) / (jnp.sqrt(v / b) + 1e-8), p, m, v)
        return p, m, v, count + 1, error

    jitted = jax.jit(update, donate_argnums=(0, 1, 2, 3))
    zeros = [jax.tree.map(jnp.zeros_like, parameters) for _ in range(2)]
    box = [parameters, *zeros, jnp.float32(1)]

    def step() -> None:
        *box[:], error = jitted(*box)
        jax.block_until_ready((box, error))

    return timed(step)


def measure(*what: str) -> float:
    """One turn of an engine on a cell of so many units, or the peak, in a process of its own on the last core."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")} | ONE_THREAD
    if what[0] == "jax":
        environment |= KEPT_MEMORY
    if what[0] == "plain":
        environment["RNNPOP_NATIVE"] = "0"
    core = str(max(os.sched_getaffinity(0)))
    command = ["taskset", "-c", core, sys.executable, __file__, *what]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(what)}: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    rate = max(measure("peak") for _ in range(TURNS))
    print(
        f"CPU ms per training step and network; batch {TRIALS}, {STEPS} steps; median of {TURNS} turns; limit at {rate / 1e9:.0f} GFLOP/s"
    )
    print(f"{'cell':<8} {'units':>5} {'limit':>8} {'ours':>8} {'plain':>8} {'torch.nn':>9} {'JAX':>8} {'torch/ours':>11} {'JAX/ours':>9}")
    worst = float("inf")
    for units in UNITS:
        for kind in CELLS:
            turns = [{engine: measure(engine, kind, str(units)) for engine in ENGINES} for _ in range(TURNS)]
            took = {engine: 1e3 * statistics.median(turn[engine] for turn in turns) for engine in ENGINES}
            to_torch, to_jax = (statistics.median(turn[peer] / turn["ours"] for turn in turns) for peer in ("torch", "jax"))
            print(
                f"{kind:<8} {units:>5} {1e3 * operations(kind, units) / rate:>8.2f} {took['ours']:>8.2f} {took['plain']:>8.2f}"
                f" {took['torch']:>9.2f} {took['jax']:>8.2f} {to_torch:>11.2f} {to_jax:>9.2f}",
                flush=True,
            )
            worst = min(worst, to_jax)
    print(f"worst: {worst:.2f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
        if sys.argv[1] != "jax":
            import torch

            torch.set_num_threads(1)
        run = {"ours": ours, "plain": ours, "torch": torch_nn, "jax": jax_scan}
        print(json.dumps(peak() if sys.argv[1] == "peak" else run[sys.argv[1]](sys.argv[2], int(sys.argv[3]))))
    else:
        main()
