"""CPU time of learning a task that answers back: this engine, and eager torch on the same environments.

    ./run bench sessions

An update is 100 steps of 64 sessions of the mouse's task, each step played by the network itself, then cross-entropy, back-propagation
through the 100 steps, and Adam; 50 units, 3 inputs, 2 outputs, float32, one thread pinned to one core. Both play the same array code of the
task; the engines take turns, each in a process of its own; CPU time of the process, median over updates, then over turns.

- ours: 8 networks in a lane, as `learners/closed_loop.py` trains them: what a step of the environments costs is shared by them.
- torch: `nn.RNNCell`, `nn.GRUCell`, `nn.LSTMCell` step by step under autograd, `nn.Linear`, `torch.optim.Adam`, one network.
- `a network`: s of 600 updates, the laptop scale.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

KINDS = ("vanilla", "gru", "lstm")
UNITS, ENVIRONMENTS, HORIZON, NETWORKS = 50, 64, 100, 8
TURNS, UPDATES, LAPTOP = 3, 6, 600


def timed(update: Callable[[], object]) -> float:
    """Median CPU seconds of a call, after one that does not count."""
    update()
    taken = []
    for _ in range(UPDATES):
        start = time.process_time()
        update()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def ours(kind: str) -> float:
    import numpy as np
    import torch

    from rnnpop.numerics.lanes import Lane
    from rnnpop.numerics.rollouts import Rollout
    from rnnpop.variants import load

    task, cell = load("tasks", {"kind": "hierarchical_inference"}), load("cells", {"kind": kind, "units": UNITS})
    rngs = [np.random.default_rng(number) for number in range(NETWORKS)]
    initial = [cell.init(rng, 3, 2) for rng in rngs]
    lane = Lane(cell, initial, steps=HORIZON, trials=ENVIRONMENTS, dtype=torch.float32, device=torch.device("cpu"), loss="log")
    rate, l2, clip = torch.full((NETWORKS,), 1e-3), torch.zeros(NETWORKS), torch.ones(NETWORKS)
    count = iter(range(1, 10**9))

    def update() -> None:
        rollout = Rollout.begin(task, lane, [task.course(rng, ENVIRONMENTS, steps=HORIZON) for rng in rngs])
        begun = rollout.states.clone()
        lane.step_gradient(*rollout.steps(HORIZON), begun)
        lane.adam(next(count), rate, l2, clip, beta1=0.9, beta2=0.999, epsilon=1e-8)

    return timed(update) / NETWORKS


def torch_eager(kind: str) -> float:
    import numpy as np
    import torch
    from torch import nn

    from rnnpop.variants import load

    task, rng = load("tasks", {"kind": "hierarchical_inference"}), np.random.default_rng(0)
    cell = {"vanilla": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}[kind](3, UNITS)
    readout = nn.Linear(UNITS, 2)
    optimiser = torch.optim.Adam([*cell.parameters(), *readout.parameters()], 1e-3)

    def update() -> None:
        course = task.course(rng, ENVIRONMENTS, steps=HORIZON)
        clock, state, loss = task.begin(course), None, torch.zeros(())
        for _ in range(HORIZON):
            state = cell(torch.from_numpy(task.observe(course, clock)), state)
            outputs = readout(state[0] if kind == "lstm" else state)
            wanted = torch.from_numpy(task.respond(course, clock, outputs.detach().numpy()).wanted)
            loss = loss - (wanted * outputs.log_softmax(dim=1)).sum() / (HORIZON * ENVIRONMENTS)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_([*cell.parameters(), *readout.parameters()], 1.0)
        optimiser.step()

    return timed(update)


ENGINES = {"ours": ours, "torch": torch_eager}


def main() -> None:
    if len(sys.argv) == 3:  # one engine, in a process of its own
        import torch

        torch.set_num_threads(1)
        print(ENGINES[sys.argv[1]](sys.argv[2]))
        return
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[1] / "workflow")}
    print("| cell | ours, ms | torch, ms | torch / ours | a network, s |\n|---|---|---|---|---|")
    ratios = []
    for kind in KINDS:
        taken: dict[str, list[float]] = {name: [] for name in ENGINES}
        for _ in range(TURNS):
            for name, seconds in taken.items():
                command = [sys.executable, __file__, name, kind]
                pinned = (
                    {"preexec_fn": lambda: os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})}
                    if hasattr(os, "sched_setaffinity")
                    else {}
                )
                seconds.append(float(subprocess.run(command, env=environment, capture_output=True, text=True, check=True, **pinned).stdout))
        mine, other = (1000 * statistics.median(taken[name]) for name in ENGINES)
        ratios.append(other / mine)
        print(f"| {kind} | {mine:.1f} | {other:.1f} | {other / mine:.1f} | {LAPTOP * mine / 1000:.1f} |", flush=True)
    print(f"worst: {min(ratios):.2f}")


if __name__ == "__main__":
    main()
