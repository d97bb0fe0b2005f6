"""Under the tests, every annotated array of the library is checked: its dtype and the agreement of its named axes."""

from __future__ import annotations

import gc

from hypothesis import settings
from jaxtyping import install_import_hook

install_import_hook("rnnpop", "typechecker.check")

settings.register_profile("house", deadline=None)  # no test asserts a time: a busy machine must not fail it
settings.load_profile("house")


def pytest_collection_finish() -> None:
    """Let the garbage collector look less often at what lives as long as the tests do: modules, and figures that several tests read."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
