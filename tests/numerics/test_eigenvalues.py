"""Numbers that eigenvalues give: directions that count. Time constants are in `test_distillation` and `test_slow_dynamics`."""

from __future__ import annotations

import numpy as np
import pytest

from rnnpop.numerics.eigenvalues import participation


def test_participation() -> None:
    assert participation(np.array([2.0, 2.0, 0.0])) == pytest.approx(2)
    assert np.isnan(participation(np.zeros(2)))
