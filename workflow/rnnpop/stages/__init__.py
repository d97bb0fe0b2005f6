"""Stages: the verbs of the way of the data, each from labelled stores to one new labelled store."""
