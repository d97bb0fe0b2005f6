"""Under the tests, every annotated array of the library is checked: its dtype and the agreement of its named axes."""

from __future__ import annotations

from jaxtyping import install_import_hook

install_import_hook("rnnpop", "typechecker.check")
