"""CPU time of one training step of one network that reads documents: this engine and torch.nn, side by side on the same batches.

    ./run bench reading

One thread, pinned to one core: a vocabulary of 5,000 words in 64 trained dimensions, 64 units, batches of 64 documents whose lengths are
those of film reviews cut at 150 words (log-normal, median 174, spread 0.6), an answer after the last word, float32: forward, cross-entropy,
backward, a clip of the gradient, Adam. Engines take turns, each in a process of its own; CPU time, mean over steps, median over turns.

- ours: `Lane.step_gradient` and `Lane.adam` on batches of documents of about one length, run up to their own longest.
- torch.nn: `nn.Embedding`, `nn.RNN`, `nn.GRU`, `nn.LSTM`, `nn.Linear`, `torch.optim.Adam` on the same batches, up to their own longest
  (`bucketed`); on batches at random, padded to 150 words (`padded`); and those packed by `pack_padded_sequence` (`packed`).

The last line is `worst: R`, the smallest ratio of the best of the three to ours over the rows.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

CELLS = ("vanilla", "ugrnn", "gru", "lstm")
WORDS, DIMENSIONS, UNITS, DOCUMENTS, LONGEST = 5000, 64, 64, 64, 150
BATCHES, TURNS, SECONDS = 32, 3, 4.0
ENGINES = ("ours", "bucketed", "padded", "packed")
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS")}


def timed(step: Callable[[int], object]) -> float:
    """Mean CPU seconds of a step over all batches, after some that do not count."""
    for number in range(5):
        step(number)
    taken: list[float] = []
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        for number in range(BATCHES):
            start = time.process_time()
            step(number)
            taken.append(time.process_time() - start)
    return statistics.mean(taken)


def batches(sorted_by_length: bool) -> list[tuple]:
    """(tokens [time document], length, answer ±1) of each batch, up to its own longest document."""
    import numpy as np
    import torch

    rng = np.random.default_rng(0)
    length = np.clip(rng.lognormal(np.log(174), 0.6, BATCHES * DOCUMENTS), 10, LONGEST).astype(int)
    order = np.argsort(length, kind="stable") if sorted_by_length else np.arange(len(length))
    made = []
    for rows in rng.permutation(order.reshape(BATCHES, DOCUMENTS)):
        own = length[rows]
        tokens = torch.from_numpy(rng.integers(0, WORDS, (own.max(), DOCUMENTS)))
        made.append((tokens, torch.from_numpy(own), torch.from_numpy(rng.choice([-1.0, 1.0], DOCUMENTS)).float()))
    return made


def ours(kind: str) -> float:
    import numpy as np
    import torch

    from rnnpop.numerics.lanes import Lane
    from rnnpop.variants import load

    rng, cell = np.random.default_rng(0), load("cells", {"kind": kind, "units": UNITS})
    initial = cell.init(rng, DIMENSIONS, 1) | {"embedding": 0.1 * rng.standard_normal((WORDS, DIMENSIONS))}
    lane = Lane(cell, [initial], steps=LONGEST, trials=DOCUMENTS, dtype=torch.float32, device=torch.device("cpu"), loss="logistic")
    given = []
    for tokens, length, answer in batches(sorted_by_length=True):
        target = torch.zeros(len(tokens), DOCUMENTS, 1)
        target[length - 1, torch.arange(DOCUMENTS), 0] = len(tokens) * answer
        given.append((tokens[..., None], target))
    rate, l2, clip, steps = torch.full((1,), 1e-3), torch.zeros(1), torch.full((1,), 5.0), count(1)

    def step(number: int) -> None:
        tokens, target = given[number]
        lane.step_gradient([tokens], [target])
        lane.adam(next(steps), rate, l2, clip)

    return timed(step)


def torch_nn(kind: str, way: str) -> float:
    import torch
    from torch import nn

    embedding, readout = nn.Embedding(WORDS, DIMENSIONS), nn.Linear(UNITS, 1)
    cell = {"vanilla": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[kind](DIMENSIONS, UNITS)
    parameters = [*embedding.parameters(), *cell.parameters(), *readout.parameters()]
    optimiser = torch.optim.Adam(parameters, 1e-3)
    given = batches(sorted_by_length=way == "bucketed")

    def step(number: int) -> None:
        tokens, length, answer = given[number]
        optimiser.zero_grad()
        if way == "padded":
            tokens = nn.functional.pad(tokens, (0, 0, 0, LONGEST - len(tokens)))
        seen = embedding(tokens)
        if way == "packed":
            packed, _ = cell(nn.utils.rnn.pack_padded_sequence(seen, length, enforce_sorted=False))
            hidden, _ = nn.utils.rnn.pad_packed_sequence(packed)
        else:
            hidden, _ = cell(seen)
        said = readout(hidden[length - 1, torch.arange(DOCUMENTS)])[:, 0]
        nn.functional.softplus(-answer * said).mean().backward()
        nn.utils.clip_grad_norm_(parameters, 5.0)
        optimiser.step()

    return timed(step)


def measure(engine: str, kind: str) -> float:
    """One turn of an engine on a cell, in a process of its own on the last core."""
    core = str(max(os.sched_getaffinity(0)))
    command = ["taskset", "-c", core, sys.executable, __file__, engine, kind]
    done = subprocess.run(command, env=os.environ | ONE_THREAD, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{engine} {kind}: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    print(f"CPU ms per training step and network; {DOCUMENTS} documents, at most {LONGEST} words; median of {TURNS} turns")
    print(f"{'cell':<8} {'ours':>8} {'bucketed':>9} {'padded':>8} {'packed':>8} {'best of torch.nn / ours':>24}")
    worst = float("inf")
    for kind in CELLS:
        engines = ENGINES if kind != "ugrnn" else ENGINES[:1]  # torch.nn has no UGRNN
        turns = [{engine: measure(engine, kind) for engine in engines} for _ in range(TURNS)]
        took = {engine: 1e3 * statistics.median(turn[engine] for turn in turns) for engine in engines}
        peers = "".join(
            f"{took[engine]:>{width}.1f}" if engine in took else " " * width for engine, width in zip(ENGINES[1:], (10, 9, 9), strict=True)
        )
        said = f"{kind:<8} {took['ours']:>8.1f}{peers}"
        if len(engines) > 1:
            ratio = statistics.median(min(turn[engine] for engine in engines[1:]) / turn["ours"] for turn in turns)
            worst, said = min(worst, ratio), f"{said} {ratio:>24.2f}"
        print(said, flush=True)
    print(f"worst: {worst:.2f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
        import torch

        torch.set_num_threads(1)
        print(json.dumps(ours(sys.argv[2]) if sys.argv[1] == "ours" else torch_nn(sys.argv[2], sys.argv[1])))
    else:
        main()
