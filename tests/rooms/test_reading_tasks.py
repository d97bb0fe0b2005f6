"""Documents of made-up words: what each task asks of them, held against plain scorers that know nothing of its arrays."""

from __future__ import annotations

from math import comb, sqrt
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2
from sklearn.linear_model import LogisticRegression

from rnnpop import variants
from rnnpop.numerics import phrases
from rnnpop.seeds import stream
from rnnpop.tasks import Documents, ReadingTask

VALENCES = {"the": 0, "awful": -2, "bad": -1, "good": 1, "awesome": 2}
STARS = {"the": (0, 0), "awful": (-2, -1), "bad": (-1, 0.5), "okay": (0, 2), "good": (1, 0.5), "awesome": (2, -1)}
ENTRIES: dict[str, dict[str, Any]] = {
    "valence": {"kind": "valence"},
    "valence_short": {"kind": "valence", "length": 9, "shortest": 2},
    "valence_three": {"kind": "valence", "classes": 3, "shortest": 20},
    "valence_uniform": {"kind": "valence", "classes": 5, "sampling": "uniform_score", "shortest": 20},
    "valence_words": {"kind": "valence", "synonyms": 3, "neutral_words": 4, "shortest": 30},
    "context": {"kind": "context"},
    "context_words": {"kind": "context", "scope": 8, "synonyms": 2, "neutral_words": 3, "shortest": 5, "negator": 0.15, "intensifier": 0.2},
    "context_three": {"kind": "context", "scope": 3, "negator": 0.1},
    "categorical": {"kind": "categorical", "classes": 4, "shortest": 10},
    "categorical_iid": {"kind": "categorical", "sampling": "iid", "neutral_words": 2},
    "categorical_library": {
        "kind": "categorical",
        "sampling": "iid",
        "strengths": [2, 1, 0, -1, -2],
        "neutral_words": 0,
        "length": 50,
        "shortest": 20,
    },
    "ordered": {"kind": "ordered", "shortest": 6},
    "multilabel": {"kind": "multilabel", "labels": 3, "shortest": 30},
    "correlated": {"kind": "correlated", "classes": 4, "correlation": 0.3},
}


def of(name: str) -> ReadingTask:
    return variants.load("tasks", ENTRIES[name])


def sums(task: ReadingTask, text: list[str]) -> list[float]:
    """What a document's words add up to, word by word and by their names alone."""
    entry = vars(task)
    match type(task).__name__:
        case "Valence":
            return [sum(VALENCES[word.split("_")[0]] for word in text)]
        case "Context":
            total, turned, doubled = 0, 0, False
            for word in text:
                value = VALENCES.get(word.split("_")[0], 0)
                total += value * (-1 if turned else 1) * (2 if doubled else 1)
                turned = entry["scope"] if word == "not" else max(0, turned - 1)
                doubled = word == "extremely"
            return [total]
        case "Ordered":
            return [sum(STARS[word][quantity] for word in text) for quantity in (0, 1)]
        case "Multilabel":
            return [text.count(f"good_{i}") - text.count(f"bad_{i}") for i in range(1, task.outputs + 1)]
        case "Categorical":
            of_class = [[word for word in text if word.split(":")[0] == f"evidence_{i}"] for i in range(1, task.outputs + 1)]
            return [sum(float(word.split(":")[1]) if ":" in word else 1 for word in words) for words in of_class]
        case "Correlated":
            counts = [text.count(f"evidence_{i}") for i in range(task.outputs + 2)]  # no such words beyond either end
            return [counts[i] + entry["correlation"] * (counts[i - 1] + counts[i + 1]) for i in range(1, task.outputs + 1)]
    raise AssertionError(task)


def answer(task: ReadingTask, total: list[float], length: int) -> list[float]:
    """What is to be said of a document; no answer of a tie."""
    if type(task).__name__ == "Ordered":
        s, u = total
        if abs(u) >= abs(s) and u > 0:
            stars = 3
        elif u > 0:
            stars = 4 if s > 0 else 2
        else:
            stars = 5 if s > 0 else 1
        return [float(stars == i) for i in range(1, 6)]
    if type(task).__name__ == "Valence" and task.outputs > 1:
        if vars(task)["sampling"] == "iid":
            cuts = {3: [-0.4307, 0.4307], 5: [-0.8416, -0.2533, 0.2533, 0.8416]}[task.outputs]
            place = sum(total[0] / sqrt(2 * length) > cut for cut in cuts)
        else:
            place = sum(total[0] > 2 * length * (2 * i / task.outputs - 1) for i in range(1, task.outputs))
        return [float(place == i) for i in range(task.outputs)]
    if task.loss == "logistic":
        assert 0 not in total
        return [1.0 if s > 0 else -1.0 for s in total]
    best = sorted(total)
    assert best[-1] > best[-2] + 1e-6
    return [float(s == best[-1]) for s in total]


def texts(task: ReadingTask, documents: Documents) -> list[list[str]]:
    return [[task.words[i] for i in tokens[:length]] for tokens, length in zip(documents.tokens, documents.length, strict=True)]


def shares(task: ReadingTask, documents: Documents) -> np.ndarray:
    """Counts of words of each document."""
    counts = np.zeros((len(documents.length), len(task.words)))
    for row, tokens, length in zip(counts, documents.tokens, documents.length, strict=True):
        np.add.at(row, tokens[:length], 1)
    return counts


@pytest.mark.parametrize("name", ENTRIES)
def test_a_plain_scorer_gives_the_same_sums_and_answers(name: str) -> None:
    """Sums of whole numbers and halves are exact; of 0.3, to 50 roundings of numbers below 50: 4e-13."""
    task = of(name)
    documents = task.documents(stream(7, name), 250)
    assert documents.score is not None
    for row, text in enumerate(texts(task, documents)):
        for end in {1, len(text) // 2 + 1, len(text)}:
            np.testing.assert_allclose(documents.score[row, end - 1], sums(task, text[:end]), rtol=0, atol=4e-13)
        np.testing.assert_allclose(documents.wanted[row], answer(task, sums(task, text), len(text)), rtol=0, atol=0)


@pytest.mark.parametrize("name", ENTRIES)
def test_values_are_what_a_word_alone_adds(name: str) -> None:
    task = of(name)
    for word, value in zip(task.words, task.values(), strict=True):
        np.testing.assert_array_equal(value, sums(task, [word]))
    assert set(task.modifiers()) <= set(task.words)


@pytest.mark.parametrize("name", ENTRIES)
def test_documents_are_as_long_as_asked_and_nothing_stands_behind_their_end(name: str) -> None:
    task, entry = of(name), ENTRIES[name]
    longest = entry.get("length", 50)
    documents = task.documents(stream(8, name), 400)
    assert documents.tokens.shape == (400, longest)
    assert set(documents.length) <= set(range(entry.get("shortest", longest), longest + 1))
    assert ("shortest" in entry) == (len(set(documents.length)) > 1)
    behind = np.arange(longest) >= documents.length[:, None]
    assert not documents.tokens[behind].any()
    assert documents.score is not None
    last = np.broadcast_to(documents.score[:, -1:], documents.score.shape)
    np.testing.assert_array_equal(documents.score[behind], last[behind])
    assert (task.documents(stream(8, name), 30, whole=True).length == longest).all()


@pytest.mark.parametrize("name", ENTRIES)
def test_answers_are_asked_for_after_the_last_word(name: str) -> None:
    task = of(name)
    documents = task.documents(stream(9, name), 50)
    trials = documents.trials()
    np.testing.assert_array_equal(trials.input[..., 0], documents.tokens)
    scored = np.abs(trials.target).sum(2) > 0
    np.testing.assert_array_equal(scored.argmax(1), documents.length - 1)
    np.testing.assert_array_equal(scored.sum(1), 1)
    np.testing.assert_allclose(trials.target.sum(1), documents.tokens.shape[1] * documents.wanted)


@pytest.mark.parametrize("name", ENTRIES)
def test_words_come_as_often_as_said(name: str) -> None:
    """5,000 documents: a mean of their shares of a word has its own standard error, four of them; drawing ties anew moves a mean of numbers
    from 0 to 1 by at most the fraction of ties, which is measured."""
    task = of(name)
    tied = 0.0
    decided = phrases.decided

    def counted(draw: Any, number: int) -> phrases.Phrases:
        nonlocal tied
        tied = float(np.isnan(draw(4000).wanted).any(1).mean())
        return decided(draw, number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phrases, "decided", counted)
        counts = shares(task, task.documents(stream(10, name), 5000))
    frequencies = task.frequencies()
    assert frequencies.sum() == pytest.approx(1, abs=1e-12)
    length = counts.sum(1, keepdims=True)
    error = np.sqrt((((counts - frequencies * length) / length.mean()) ** 2).mean(0) / len(counts))
    np.testing.assert_array_less(np.abs(counts.sum(0) / counts.sum() - frequencies), 4 * error + tied)


@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("good", 1),
        ("not good", -1),
        ("not the the the good", -1),  # the fourth word after it is turned
        ("not the the the the good", 1),  # the fifth is not
        ("not the the the not good", -1),  # two are not undone by each other
        ("not the the the not the the the bad", 1),  # the second one begins anew
        ("extremely awesome", 4),
        ("extremely the awesome", 2),  # the next word alone
        ("not extremely good", -2),
        ("extremely not good", -1),  # strengthened is "not", which has no value
        ("not bad extremely bad", 3),
        ("good not", 1),
    ],
)
def test_context_reads_as_it_should(text: str, total: int) -> None:
    task = of("context")
    tokens = np.array([[task.words.index(word) for word in text.split()]])
    assert task.scores(tokens)[0, -1, 0] == total  # type: ignore[attr-defined]


def test_context_keeps_its_modifiers_apart() -> None:
    task = of("context_words")
    spaced = False
    for text in texts(task, task.documents(stream(11), 500)):
        for place, word in enumerate(text):
            assert not (word == "extremely" and place and text[place - 1] == "extremely")
            assert not (word == "not" and "not" in text[max(0, place - 3) : place])
            spaced |= word == "not" and "not" in text[max(0, place - 4) : place]
    assert spaced  # and no further apart than that


def test_context_draws_each_word_among_those_that_may_come() -> None:
    """Right after "not", "extremely" comes with probability q / (1 − p); right after "extremely", "not" with p / (1 − q), if there is none
    just before. About 4,000 and 3,000 places; four standard errors of as many as there are."""
    task = variants.load("tasks", {"kind": "context", "negator": 0.15, "intensifier": 0.2, "neutral": 0.3})
    following: dict[str, list[bool]] = {"not": [], "extremely": []}
    for text in texts(task, task.documents(stream(12), 700)):
        for *before, last, word in zip(text, text[1:], text[2:], text[3:], strict=False):
            if last == "not":
                following["not"].append(word == "extremely")
            elif last == "extremely" and "not" not in before:
                following["extremely"].append(word == "not")
    for word, expected in (("not", 0.2 / 0.85), ("extremely", 0.15 / 0.8)):
        assert abs(np.mean(following[word]) - expected) < 4 * sqrt(expected * (1 - expected) / len(following[word]))


def convolved(length: int) -> np.ndarray:
    """Probability of each sum of so many words of −2, ..., 2, drawn fairly: of −2L, ..., 2L."""
    probability = np.ones(1)
    for _ in range(length):
        probability = np.convolve(probability, np.full(5, 0.2))
    return probability


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_classes_of_valence_come_as_often_as_their_sums(classes: int) -> None:
    """The exact law of S, against 20,000 documents; four standard errors. The cuts fall at quantiles of the normal distribution, so that
    no class is further from equal than half the probability of a single sum (0.04), on either side."""
    task = variants.load("tasks", {"kind": "valence", "classes": classes})
    wanted = task.documents(stream(14, classes), 20000).wanted
    probability, score = convolved(50), np.arange(-100, 101)
    cuts = {2: [0.0], 3: [-4.307, 4.307], 5: [-8.416, -2.533, 2.533, 8.416]}[classes]
    inside = [(low < score) & (score < high) for low, high in zip([-np.inf, *cuts], [*cuts, np.inf], strict=True)]
    law = np.array([probability[among].sum() for among in inside])
    law /= law.sum()
    drawn = wanted.mean(0) if classes > 2 else np.array([(wanted < 0).mean(), (wanted > 0).mean()])
    np.testing.assert_array_less(np.abs(drawn - law), 4 * np.sqrt(law * (1 - law) / 20000))
    np.testing.assert_array_less(np.abs(law - 1 / classes), 0.04)


def test_uniform_sums_are_uniform() -> None:
    """20,000 documents of 10 words over 40 sums: chi-square with 39 degrees of freedom, one draw in a million is above.
    None is 0."""
    task = variants.load("tasks", {"kind": "valence", "length": 10, "sampling": "uniform_score"})
    score = task.documents(stream(15), 20000).score[:, -1, 0]
    counts = np.bincount(score.astype(int) + 20, minlength=41)
    assert counts[20] == 0
    assert ((np.delete(counts, 20) - 500) ** 2 / 500).sum() < chi2.ppf(1 - 1e-6, 39)


def test_stars_and_bars_are_uniform() -> None:
    """Every way to write 4 as k₀ + k₁ + k₂ + k₃ (there are C(7, 3) = 35), equally often in 14,000
    draws: chi-square with 34 degrees of freedom, one draw in a million is above."""
    counts = phrases.stars_and_bars(stream(16), np.full(14000, 4), 4)
    assert (counts.sum(1) == 4).all()
    assert counts.min() == 0
    ways, often = np.unique(counts, axis=0, return_counts=True)
    assert len(ways) == comb(7, 3)
    assert ((often - 400) ** 2 / 400).sum() < chi2.ppf(1 - 1e-6, 34)


def test_shuffled_words_stand_anywhere() -> None:
    """One word among four, in documents padded to six: at each of four places in 4,000 fourth parts, four standard errors."""
    tokens = phrases.shuffled(stream(17), np.tile([3, 1], (4000, 1)), 6)
    assert not tokens[:, 4:].any()
    np.testing.assert_array_less(np.abs(tokens[:, :4].mean(0) - 0.25), 4 * sqrt(0.25 * 0.75 / 4000))


@pytest.mark.parametrize(("name", "published"), [("valence", 1.0), ("context", 0.739)])
def test_counting_words_solves_valence_and_not_context(name: str, published: float) -> None:
    """Logistic regression on counts, fitted to 4,000 documents and judged on 4,000 others. The reference was measured on a test set of
    unknown size; 2,000 documents each way have standard errors of 0.01, four of their difference are 0.055."""
    task = of(name)
    train, test = (task.documents(stream(18, part), 4000) for part in ("train", "test"))
    counted = LogisticRegression().fit(shares(task, train), train.wanted[:, 0])
    assert abs(counted.score(shares(task, test), test.wanted[:, 0]) - published) < (0.055 if published < 1 else 0.005)


def test_a_document_that_cannot_be_decided_is_refused() -> None:
    with pytest.raises(ValueError, match="tied"):
        variants.load("tasks", {"kind": "multilabel", "length": 1}).documents(stream(19), 3)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"kind": "valence", "classes": 1}, "classes"),
        ({"kind": "categorical", "classes": 1}, "classes"),
        ({"kind": "categorical", "strengths": [1, 2]}, "iid"),
        ({"kind": "correlated", "classes": 2}, "classes"),
        ({"kind": "context", "neutral": 0.9}, "nothing is left"),
    ],
)
def test_what_makes_no_task_is_refused_in_one_line(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        variants.load("tasks", entry)


@pytest.mark.parametrize(("classes", "published"), [(3, 1.98), (4, 2.99), (5, 3.99), (6, 4.96), (7, 5.95), (8, 6.91)])
def test_words_of_n_classes_have_n_minus_1_dimensions(classes: int, published: float) -> None:
    """The published ratios of Aitken et al. 2021 fall short of N − 1 by at most 0.09, as finite numbers of documents must; so may these."""
    task = variants.load("tasks", {"kind": "categorical", "classes": classes})
    documents = task.documents(stream(20, classes), 4000)
    dimension = phrases.dataset_dimension(documents.tokens, documents.length, documents.wanted.argmax(1), len(task.words))
    assert abs(dimension - published) < 0.1
    assert dimension < classes - 1


def test_likeness_of_classes_lowers_the_dimension_of_their_words() -> None:
    dimensions = []
    for correlation in (0.0, 0.3, 0.6, 0.9):
        task = variants.load("tasks", {"kind": "correlated", "classes": 5, "correlation": correlation})
        documents = task.documents(stream(21), 4000)
        dimensions.append(phrases.dataset_dimension(documents.tokens, documents.length, documents.wanted.argmax(1), len(task.words)))
    assert dimensions == sorted(dimensions, reverse=True)
