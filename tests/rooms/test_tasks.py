"""Contract of every task, and each one's law."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

import review_corpus
from rnnpop import variants
from rnnpop.numerics.evidence import ideal_choices
from rnnpop.seeds import stream
from rnnpop.tasks import ReadingTask, Task, Trials
from rnnpop.tasks.context_integration import ContextIntegration
from rnnpop.tasks.flip_flop import FlipFlop
from rnnpop.tasks.perceptual_decision import PerceptualDecision
from rnnpop.tasks.sine import Sine
from rnnpop.tasks.text import Text


@pytest.fixture(params=[kind for kind in variants.kinds("tasks") if variants.base("tasks", kind) != "DrivenTask"])
def task(request: pytest.FixtureRequest) -> Task:
    return review_corpus.task(request.param)


def batches(task: Task) -> dict[str, Trials]:
    """Every kind of batch that a task makes."""
    made = {
        "trials": task.trials(stream(1, "trials"), 5),
        "evaluation": task.evaluation(stream(1, "evaluation")),
        "probe": task.probes(stream(1, "probes", 0), 0),
        "second": task.probes(stream(1, "probes", 1), 1),
        "beyond": task.beyond(stream(1, "beyond")),
    }
    shown = task.shown()
    if shown is not None:
        made["shown"] = shown
    return {name: batch for name, batch in made.items() if isinstance(batch, Trials)}  # a task that answers back is judged on sessions


def test_trials_have_the_promised_shapes(task: Task) -> None:
    made = batches(task)
    assert len(made["trials"].input) == 5
    for name, trials in made.items():
        reads = isinstance(task, ReadingTask)  # words come as their numbers
        assert trials.input.shape == (*trials.target.shape[:2], 1 if reads else task.inputs), name
        assert trials.target.shape[2] == task.outputs, name
        assert len(trials.condition) == len(trials.command) == len(trials.input) > 0, name
        assert trials.input.dtype == (np.int64 if reads else np.float32), name
        assert trials.target.dtype == np.float32, name
        assert np.isfinite(trials.input).all(), name
        assert np.isfinite(trials.target).all(), name


def test_all_but_the_trials_beyond_are_as_long_as_in_training(task: Task) -> None:
    """They are recorded side by side, and trained networks are judged on them."""
    assert len({trials.input.shape[1] for name, trials in batches(task).items() if name != "beyond"}) == 1


def test_trials_come_from_the_stream_alone(task: Task) -> None:
    for one, two in zip(batches(task).values(), batches(task).values(), strict=True):
        np.testing.assert_array_equal(one.input, two.input)
        np.testing.assert_array_equal(one.target, two.target)
    one, other = (task.trials(stream(1, name), 4) for name in ("a", "b"))
    assert not np.array_equal(one.input, other.input)


def test_the_second_batch_and_the_trials_beyond_are_others(task: Task) -> None:
    made = batches(task)
    probe = {trial.tobytes() for trial in made["probe"].input}
    assert probe.isdisjoint(trial.tobytes() for trial in made["second"].input)
    if not isinstance(task, Text):  # documents of a corpus are few: those beyond are all that were not learnt from
        assert probe.isdisjoint(trial.tobytes() for trial in made["beyond"].input)


def test_still_inputs_and_pulses_fit_the_input(task: Task) -> None:
    for vector in [*task.still_inputs().values(), *task.pulses().values()]:
        assert vector.shape == (len(task.words) if isinstance(task, ReadingTask) else task.inputs,)


def test_every_still_input_has_its_command(task: Task) -> None:
    assert list(task.commands()) == list(task.still_inputs())


def test_levels_rise(task: Task) -> None:
    assert (np.diff(task.levels()) > 0).all()


def test_conditions_are_still_inputs(task: Task) -> None:
    for name, trials in batches(task).items():
        assert set(trials.condition) <= {"", *task.still_inputs()}, name


def test_words_have_what_is_asked_of_them(task: Task) -> None:
    if not isinstance(task, ReadingTask):
        pytest.skip("nothing is read")
    words = len(task.words)
    assert len(set(task.words)) == words
    assert task.frequencies().shape == (words,)
    assert len(task.values()) == words
    assert set(task.modifiers()) <= set(task.words)
    assert task.first_embedding(stream(1, "embedding")).shape == (words, task.inputs)
    for trials in batches(task).values():
        assert 0 <= trials.input.min() <= trials.input.max() < words


def test_the_targets_solve_the_task(task: Task) -> None:
    trials = task.evaluation(stream(1, "evaluation"))
    if not isinstance(trials, Trials):
        pytest.skip("the task answers back")
    assert task.solves(lambda: trials.target, trials)


def test_flip_flop_holds_the_last_pulse() -> None:
    trials = FlipFlop(steps=30).trials(np.random.default_rng(3), 40)
    held = np.zeros((40, 3), dtype=np.float32)
    for t in range(30):
        held = np.where(trials.input[:, t] != 0, trials.input[:, t], held)
        np.testing.assert_array_equal(trials.target[:, t], held)


def test_flip_flop_pulses_are_as_often_and_as_fair_as_asked() -> None:
    """1.2e5 draws: a rate has a standard error of at most 8.7e-4; four of them."""
    pulses = FlipFlop(steps=100, pulse_probability=0.1).trials(np.random.default_rng(4), 400).input
    assert abs((pulses > 0).mean() - 0.05) < 4 * 8.7e-4
    assert abs((pulses < 0).mean() - 0.05) < 4 * 8.7e-4


@pytest.mark.parametrize("spacing", ["linear", "log"])
def test_sine_is_the_commanded_sine_at_every_step(spacing: str) -> None:
    """float32 of values up to 1: half a unit in the last place, 6e-8; the input up to 1.5 is carried back to Hz by a factor of 9."""
    task = Sine(lowest=2.0, highest=11.0, dt=0.02, offset=0.3, spacing=spacing)  # type: ignore[arg-type]
    for name, trials in batches(task).items():
        assert (np.ptp(trials.input, axis=1) == 0).all(), name
        frequency = 2 + 9 * (trials.input[:, 0, 0].astype(float) - 0.3)
        np.testing.assert_allclose(frequency, trials.command, rtol=0, atol=1e-6)
        time = 0.02 * np.arange(trials.target.shape[1])
        np.testing.assert_allclose(trials.target[..., 0], np.sin(2 * np.pi * np.outer(trials.command, time)), rtol=0, atol=6e-8)


def test_sine_probes_and_shown_trials_run_under_their_still_input() -> None:
    task = Sine()
    stills, commands = task.still_inputs(), task.commands()
    probe, shown = task.probes(stream(1), 0), task.shown()
    assert probe.condition == tuple(stills)
    for trials in (probe, shown):
        for condition, command, given in zip(trials.condition, trials.command, trials.input, strict=True):
            assert command == commands[condition]
            np.testing.assert_array_equal(given, np.broadcast_to(stills[condition].astype(np.float32), given.shape))


def test_sine_second_batch_lies_between_the_first_and_beyond_lies_outside() -> None:
    task = Sine()
    first, second = (np.array(task.probes(stream(1), batch).command) for batch in (0, 1))
    assert (first[:-1] < second).all()
    assert (second < first[1:]).all()
    beyond = np.array(task.beyond(stream(1)).command)
    assert ((beyond < task.lowest) | (beyond > task.highest)).all()
    assert (beyond < task.lowest).sum() == (beyond > task.highest).sum()


@pytest.mark.parametrize("number", [1, 49, 50, 64, 120])
def test_sine_batches_hold_each_frequency_as_often_as_any_other_to_within_one(number: int) -> None:
    counts = np.zeros(50, dtype=int)
    grid = list(Sine().evaluation(stream(1)).command)
    for command in Sine().trials(np.random.default_rng(5), number).command:
        counts[grid.index(command)] += 1
    assert counts.sum() == number
    assert np.ptp(counts) <= 1


def test_sine_is_not_solved_by_a_network_that_fails_at_one_frequency() -> None:
    """R² = 1 − a² for an answer of (1 − a) y*: just enough at a² = 0.099 everywhere, too little at 0.101 for one frequency alone. Their
    means over time are not exactly 0, which makes the spread smaller by a share of at most 1e-3: at 1 to 10 Hz, two seconds nearly hold
    whole turns; 0.09 and 0.11 leave room for it."""
    task = Sine()
    trials = task.evaluation(stream(1))
    good = trials.target * np.float32(1 - np.sqrt(0.09))
    assert task.solves(lambda: good, trials)
    for failing in (0, 25, 49):
        answer = trials.target.copy()
        answer[failing] *= np.float32(1 - np.sqrt(0.11))
        assert np.mean((answer - trials.target) ** 2) < task.criterion  # the mean does not see it
        assert not task.solves(lambda answer=answer: answer, trials)
    assert not task.solves(lambda: np.full_like(trials.target, np.nan), trials)


def test_context_integration_sums_the_cued_stream_alone() -> None:
    """float32 sums of up to 100 numbers of size 0.14: 100 roundings of values up to 4 are below 3e-5."""
    task = ContextIntegration()
    made = batches(task)
    for trials in (made["trials"], made["probe"], made["beyond"], made["shown"]):
        streams, cue = trials.input[..., :2].astype(float), trials.input[..., 2:]
        assert (np.ptp(cue, axis=1) == 0).all()
        assert (np.sort(cue, axis=2) == [0, 1]).all()
        np.testing.assert_allclose(trials.target[..., 0], (streams * cue).sum(2).cumsum(1), rtol=0, atol=3e-5)
    assert (made["probe"].input[:, 0, 2].sum(), len(made["probe"].input)) == (task.probe_trials / 2, task.probe_trials)
    assert made["beyond"].input.shape[1] == 2 * task.steps


def test_context_integration_ends_with_unit_variance_and_ignores_the_other_stream() -> None:
    """4,000 independent sums: Σ y² is chi-square with 4,000 degrees of freedom; and a correlation of 0 has a standard error of 1/√4000.
    Each within what one draw in a million leaves."""
    number = 4000
    trials = ContextIntegration().trials(np.random.default_rng(6), number)
    end = trials.target[:, -1, 0].astype(float)
    low, high = chi2.ppf([5e-7, 1 - 5e-7], number)
    assert low < (end**2).sum() < high
    other = (trials.input[..., :2].astype(float) * (1 - trials.input[..., 2:])).sum((1, 2))
    assert low < (other**2).sum() < high
    assert abs(np.corrcoef(end, other)[0, 1]) < 4.9 / np.sqrt(number)


def test_context_integration_shows_every_command_in_either_context() -> None:
    """A float32 sum of 50 steps is off by less than 50 roundings of 2: 6e-6."""
    task = ContextIntegration(reach=1.5, drives=5)
    shown = task.shown()
    np.testing.assert_allclose(shown.target[:, -1, 0], shown.command, rtol=0, atol=6e-6)
    np.testing.assert_allclose(shown.command, np.tile([-1.5, -0.75, 0, 0.75, 1.5], 2))
    stills = task.still_inputs()
    assert shown.condition == tuple(name for name in stills for _ in range(5))
    for condition, given in zip(shown.condition, shown.input, strict=True):
        np.testing.assert_array_equal(given[:, 2:], np.broadcast_to(stills[condition][2:], (task.steps, 2)))
        np.testing.assert_array_equal(given[:, 0], -given[:, 1])
    assert all((still[:2] == 0).all() for still in stills.values())
    assert (task.levels().min(), task.levels().max(), len(task.levels())) == (-1.5, 1.5, task.held)


def test_perceptual_decision_is_22_steps_of_fixation_stimulus_and_decision() -> None:
    """Inputs without noise and targets, as the tutorial's table has them; float32 of numbers below 1 is off by 3e-8."""
    shown = PerceptualDecision().shown()
    assert shown.input.shape == (10, 22, 3)
    for given, target, signed in zip(shown.input, shown.target, shown.command, strict=True):
        expected = np.zeros((22, 3))
        expected[:21, 0] = 1
        expected[1:21, 1:] = [0.5 + signed / 200, 0.5 - signed / 200]
        np.testing.assert_allclose(given, expected, rtol=0, atol=3e-8)
        np.testing.assert_array_equal(target[:21], np.broadcast_to([1, 0, 0], (21, 3)))
        if signed:
            np.testing.assert_array_equal(target[21], [0, signed > 0, signed < 0])
    assert sorted(shown.command) == [-51.2, -25.6, -12.8, -6.4, 0, 0, 6.4, 12.8, 25.6, 51.2]
    np.testing.assert_array_equal(shown.target[np.array(shown.command) == 0, 21], [[0, 1, 0], [0, 0, 1]])


def test_perceptual_decision_draws_alike_and_its_noise_has_the_given_deviation() -> None:
    """20,000 trials: a share of 1/10 has a standard error of 0.0021; 4.4e5 draws of a channel's noise tell its deviation to 1.1e-3. Four of
    each."""
    task = PerceptualDecision()
    trials = task.trials(np.random.default_rng(7), 20_000)
    choice = trials.target[:, -1].argmax(axis=1)
    for coherence in task.coherences:
        for side in (1, 2):
            share = np.mean((np.abs(trials.command) == coherence) & (choice == side))
            assert abs(share - 0.1) < 4 * 0.0021
    shown = task.shown()
    levels, first = np.unique(shown.command, return_index=True)
    noise = trials.input - shown.input[first][np.searchsorted(levels, trials.command)]
    for channel in range(3):
        assert noise[..., channel].std() == pytest.approx(0.1, rel=4 * 1.1e-3)
    quiet = PerceptualDecision(noisy="choices").trials(np.random.default_rng(7), 100)
    np.testing.assert_array_equal(quiet.input[:, :, 0], np.broadcast_to(np.arange(22) < 21, (100, 22)))
    assert quiet.input[..., 1:].std() > 0.1


def test_perceptual_decision_frozen_batches_are_balanced() -> None:
    task = PerceptualDecision(repeats=3, delay=0.5, fixation=0.0, decision=0.3)
    for trials in (task.probes(stream(1), 0), task.evaluation(stream(2)), task.beyond(stream(3))):
        pairs = np.stack([np.abs(trials.command), trials.target[:, -1].argmax(axis=1)], axis=1)
        assert (np.unique(pairs, axis=0, return_counts=True)[1] == 3).all()
    assert trials.input.shape[1] == 40 + 5 + 3
    assert task.probes(stream(1), 0).input.shape[1] == 20 + 5 + 3
    assert (task.trials(stream(4), 9).target.sum(axis=2) == 1).all()


def test_perceptual_decision_still_inputs_rise_with_the_evidence() -> None:
    task = PerceptualDecision()
    stills, commands = np.stack(list(task.still_inputs().values())), np.array(list(task.commands().values()))
    np.testing.assert_array_equal(commands, [-51.2, -25.6, -12.8, -6.4, 0, 6.4, 12.8, 25.6, 51.2])
    np.testing.assert_allclose(stills, np.stack([np.ones(9), 0.5 + commands / 200, 0.5 - commands / 200], axis=1), rtol=0, atol=1e-15)
    np.testing.assert_array_equal(task.still_inputs()["no evidence"], [1, 0.5, 0.5])


def test_perceptual_decision_is_solved_by_what_is_nearly_ideal() -> None:
    """The ideal observer is right in 0.896 of the trials. Who throws a coin in half of them is in 0.698 ± 0.018: a share of 0.78."""
    task = PerceptualDecision()
    trials = task.evaluation(stream(1, "evaluation"))
    rng = np.random.default_rng(8)

    def answer(chosen: np.ndarray) -> np.ndarray:
        return np.stack([np.zeros(chosen.shape), chosen, -chosen], axis=1)[:, None].repeat(22, axis=1)

    ideal = ideal_choices(trials.input)
    assert task.solves(lambda: answer(ideal), trials)
    assert not task.solves(lambda: answer(np.where(rng.random(len(ideal)) < 0.5, ideal, rng.choice([-1, 1], len(ideal)))), trials)
    assert not task.solves(lambda: answer(0 * ideal), trials)
    assert not task.solves(lambda: np.full_like(trials.target, np.nan), trials)
