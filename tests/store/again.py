"""The tests of every store, for stores that take a while to answer."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from . import test_cube as cubes
from . import test_store as stores

WINDOWS, FILTERS = stores.windows(), stores.conditions()

DRAWN = {
    stores.test_counts_are_those_of_counting_one_by_one: {"filters": FILTERS},
    stores.test_events_are_all_that_match_and_no_others: {"filters": FILTERS},
    stores.test_timelines_put_every_event_in_its_bin: {
        "filters": FILTERS,
        "bins": st.integers(1, 300),
        "by": st.sampled_from([None, "rule", "verdict"]),
    },
    stores.test_lists_rank_all_groups_and_say_what_is_left: {
        "filters": FILTERS,
        "field": st.sampled_from(stores.FIELDS),
        "n": st.integers(1, 8),
    },
    cubes.test_cells_hold_every_event_once_at_the_grain_they_say: {
        "filters": FILTERS,
        "budget": st.sampled_from([60, 150, 400, 1000, 5000]),
    },
    cubes.test_the_grain_is_the_finest_that_fits: {"budget": st.sampled_from([100, 300, 1000, 3000])},
}
AS_THEY_ARE = (
    cubes.test_places_without_a_name_are_not_made_one,
    stores.test_a_store_says_what_it_cannot_answer,
    stores.test_lists_of_a_header_are_plain_data,
    stores.test_samples_are_some_of_the_events_and_the_same_each_time,
    stores.test_the_key_of_a_line_finds_its_events,
    stores.test_what_is_said_beside_a_line_is_true_of_its_latest_event,
)


def again(examples: int) -> dict[str, Callable[..., None]]:
    """Return the tests by their names, those that draw with fewer examples; for the globals of a module."""
    drawn = {
        test.__name__: settings(max_examples=examples)(given(window=WINDOWS, **more)(test.hypothesis.inner_test))
        for test, more in DRAWN.items()
    }
    return drawn | {test.__name__: test for test in AS_THEY_ARE}
