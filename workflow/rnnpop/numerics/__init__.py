"""Unlabelled arrays: the mathematics of one network, one pair, or a batch of them."""
