"""Under the tests, every annotated array of the library is checked: its dtype and the agreement of its named axes."""

from __future__ import annotations

from hypothesis import settings
from jaxtyping import install_import_hook

install_import_hook("rnnpop", "typechecker.check")

settings.register_profile("house", deadline=None)  # no test asserts a time: a busy machine must not fail it
settings.load_profile("house")
