"""Fetch: two small files of real behaviour out of a published wheel, without installing it and without trusting its pickle."""

from __future__ import annotations

import hashlib
import io
import pickle
import zipfile
from typing import Any, ClassVar

import numpy as np
import pandas as pd

#: The wheel of the laboratory's library (MIT licence), what it is asked for by, and its digest.
REQUIREMENT = "ibllib==4.1.0"
WHEEL = "31d9a1c1ba74d624193c16c8591960e54eea45bbfc03b6aa60e7bfbeb10b2df4"

#: Members of the wheel and their digests: 11 sessions of one mouse (6 with blocks, 5 of training), and 500 trials with blocks of a session.
_SESSIONS = ("brainbox/tests/fixtures/trials_test.pickle", "4af22bf67f488ab071078c9b2801bfe703646ff29cdd2fbfb5a866deff827d22")
_TABLE = ("brainbox/tests/fixtures/trials_df_test.csv", "275d6dae1d0eabd1ec873fb00436dfacbc4ea0240933bdd441f78f73d083f37a")

#: The tables that come of it, by name.
FIXTURES = ("biased", "training", "table")


class AlteredFile(ValueError):
    """A file that is not the one whose digest is pinned."""


class ForbiddenPickle(pickle.UnpicklingError):
    """A pickle that asks for more than arrays of numbers and texts."""


class _Arrays(pickle.Unpickler):
    """Makes containers, numbers, texts and numpy arrays; whatever else a pickle names is refused, so that none of its code runs."""

    _ALLOWED: ClassVar = {
        **dict.fromkeys(
            [("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct")], np.empty(0).__reduce__()[0]
        ),
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module_name: str, global_name: str) -> Any:
        if (module_name, global_name) not in self._ALLOWED:
            raise ForbiddenPickle(f"the pickle asks for {module_name}.{global_name}; only numpy arrays may be in it")
        return self._ALLOWED[module_name, global_name]


def arrays(content: bytes) -> Any:
    """What a pickle holds, if it is containers of numpy arrays, numbers and texts.

    Raises:
        ForbiddenPickle: if it names anything else, before that is touched.
    """
    return _Arrays(io.BytesIO(content)).load()


def fixtures(wheel: bytes) -> dict[str, pd.DataFrame]:
    """Tables of trials by name: `biased` and `training` (sessions by date, one mouse), and `table` (one session).

    Raises:
        AlteredFile: if the wheel or a member has not the digest that is pinned here.
    """
    checked(wheel, WHEEL, REQUIREMENT)
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        sessions, table = (checked(archive.read(member), digest, member) for member, digest in (_SESSIONS, _TABLE))
    by_protocol: dict[str, list[pd.DataFrame]] = {"biased": [], "training": []}
    for date, session in sorted(arrays(sessions).items()):
        columns = {name: values for name, values in session.items() if values.ndim == 1}
        by_protocol[str(session["task_protocol"])].append(pd.DataFrame({"session": date} | columns))
    joined = {name: pd.concat(tables, ignore_index=True) for name, tables in by_protocol.items()}
    return joined | {"table": pd.read_csv(io.BytesIO(table), index_col=0)}


def checked(content: bytes, digest: str, name: str) -> bytes:
    """The content, if it has the digest that is pinned for it.

    Raises:
        AlteredFile: naming it.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise AlteredFile(f"{name}: its SHA-256 is {found}, not {digest}: it is not the file that this was written for")
    return content
