"""Percentiles and medians are numpy's to the last bit: scores that are kept depend on them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nvpipe.footage.motion.quantile import median, percentile, percentiles

VALUES = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=60)


@given(VALUES, st.floats(0, 100))
def test_percentiles_are_those_of_numpy(values: list[float], rank: float) -> None:
    array = np.array(values)
    assert percentile(array, rank) == np.percentile(array, rank)
    assert percentiles(array, 10, 90) == tuple(np.percentile(array, (10, 90)))


@given(VALUES)
def test_the_median_is_that_of_numpy(values: list[float]) -> None:
    assert median(np.array(values)) == np.median(values)
