"""How the tests check types: beartype, with whole numbers taken where numbers are asked for, as Python itself does."""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
