"""All single stories, by name: for what random histories hit too seldom. Each raises ``Broken`` where the hub is wrong."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.stories_absence import (
    a_hidden_partition_is_access_lost,
    a_mass_of_deletions_waits_for_approval,
    a_merged_item_lives_on_in_the_other,
    a_moved_item_follows_its_new_project,
    a_partition_out_of_the_config_is_unobserved,
    a_partition_that_may_not_be_read_loses_nothing,
    a_vendor_that_is_down_is_left_alone,
    an_empty_listing_is_held_and_withdrawn,
    another_account_changes_nothing,
    reading_in_parallel_gives_the_same,
)
from tests.simulation.stories_reading import (
    a_broken_pass_moves_no_cursor,
    a_change_behind_the_pass_is_the_next_ones,
    a_cursor_from_the_future_is_not_used,
    a_position_that_expired_begins_again,
    a_repeated_token_is_an_error,
    a_second_run_is_refused,
    a_stale_list_does_not_overwrite,
    everything_changed_is_held,
    killed_at_writes,
    killed_truly,
    one_bad_record_stops_nothing,
    the_first_sync_may_break_off_anywhere,
    too_many_bad_records_fail_the_partition,
    who_lost_the_lock_writes_no_more,
)

STORIES: dict[str, Callable[[], None]] = {
    story.__name__: story
    for story in (
        a_second_run_is_refused,
        who_lost_the_lock_writes_no_more,
        a_stale_list_does_not_overwrite,
        a_broken_pass_moves_no_cursor,
        a_position_that_expired_begins_again,
        a_change_behind_the_pass_is_the_next_ones,
        an_empty_listing_is_held_and_withdrawn,
        a_mass_of_deletions_waits_for_approval,
        a_partition_that_may_not_be_read_loses_nothing,
        a_hidden_partition_is_access_lost,
        a_partition_out_of_the_config_is_unobserved,
        a_moved_item_follows_its_new_project,
        another_account_changes_nothing,
        the_first_sync_may_break_off_anywhere,
        a_merged_item_lives_on_in_the_other,
        a_vendor_that_is_down_is_left_alone,
        reading_in_parallel_gives_the_same,
        one_bad_record_stops_nothing,
        too_many_bad_records_fail_the_partition,
        everything_changed_is_held,
        a_repeated_token_is_an_error,
        a_cursor_from_the_future_is_not_used,
        killed_at_writes,
        killed_truly,
    )
}
