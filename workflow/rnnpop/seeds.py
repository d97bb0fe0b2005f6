"""The only maker of randomness: a generator for each name, never for a position."""

from __future__ import annotations

import hashlib

import numpy as np


def stream(root: int, *names: str | int) -> np.random.Generator:
    """Generator that belongs to `names` under the root seed, and to nothing else.

    The names are hashed (SHA-256 over their length-prefixed texts), so a network draws the same numbers whatever shard,
    order or process it is trained in, and no two names collide by concatenation.

    Args:
        root: the root seed of config.yaml.
        names: study, task, cell, index of the network, purpose, ...
    """
    digest = hashlib.sha256()
    for name in (root, *names):
        text = str(name).encode()
        digest.update(len(text).to_bytes(8, "little") + text)
    entropy = int.from_bytes(digest.digest()[:16], "little")
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy)))
