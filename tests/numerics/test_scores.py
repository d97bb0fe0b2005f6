"""R² is 1 for the target, 0 for its mean by channel, below 0 for worse, and nothing where there is nothing to explain."""

from __future__ import annotations

import numpy as np

from rnnpop.numerics.scores import r_squared


def test_r_squared() -> None:
    target = np.random.default_rng(0).normal([0.0, 10.0], 1.0, (5, 20, 2))
    mean = np.broadcast_to(target.mean(axis=(0, 1)), target.shape)
    assert r_squared(target, target) == 1
    np.testing.assert_allclose(r_squared(mean, target), 0, atol=1e-12)  # rounding of 200 terms
    np.testing.assert_allclose(r_squared(mean + (target - mean) / 2, target), 0.75, atol=1e-12)
    assert r_squared(2 * mean - target, target) < 0
    assert np.isnan(r_squared(target[..., :1], np.ones((5, 20, 1))))
