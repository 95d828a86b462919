"""What went wrong in other systems (reference commissions §2): each has a test here, or its room.

A defect of the engine, its pages or its payouts names the tests that would catch it; the others
name the room that will have to.
"""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]

SHOWN: dict[int, tuple[str, ...]] = {
    1: ("test_coupons_lower_the_base", "test_tax_inside_the_price_is_no_base"),
    2: ("test_fixed_amounts_count_each_unit",),
    3: ("test_the_higher_share_is_the_one_that_yields_more_money",),
    4: (
        "test_all_roles_together_stay_below_the_ceiling",
        "test_a_chain_of_roles_never_overspends",
    ),
    5: ("test_an_ineligible_point_is_skipped_and_the_others_are_paid",),
    6: (
        "test_an_absent_role_moves_nothing_to_another",
        "test_the_rate_comes_from_the_beneficiarys_own_grade",
    ),
    7: ("test_one_point_in_both_roles_gets_both_or_the_higher",),
    8: ("test_a_move_between_order_and_payment_takes_nothing_along",),
    9: ("test_two_points_hung_below_each_other_make_no_circle",),
    10: (
        "test_a_refund_after_a_new_version_takes_back_by_the_old_one",
        "test_new_lines_and_refunds_use_the_version_frozen_on_the_order",
    ),
    11: ("test_dead_references_block", "test_saving_without_a_change_changes_nothing"),
    12: ("test_splits_are_exact_fair_and_symmetric", "test_published_bad_splits_are_refused"),
    13: ("test_floats_and_booleans_are_refused", "test_every_table_is_strict"),
    14: ("test_every_line_has_a_decision_and_the_refused_earn_nothing",),
    18: ("test_one_payment_credits_both_shops_and_the_counter",),
    19: ("test_one_sale_told_by_many_is_credited_once",),
    20: (
        "test_two_clerks_who_scan_at_once_hand_over_once",
        "test_one_unit_is_handed_over_once_by_twenty_counters",
    ),
    21: ("test_killed_before_any_statement_nothing_is_half_written",),
    22: ("test_the_clock_starts_at_delivery_and_payment",),
    23: ("test_any_open_case_blocks_also_a_second_after_a_rejected_first",),
    24: (
        "test_its_earnings_are_paid_or_held_with_a_deadline",
        "test_a_stopped_point_loses_its_links_and_its_unsent_payouts_and_is_still_owed",
    ),
    25: ("test_a_partial_refund_leaves_the_days_of_the_other_lines",),
    26: (
        "test_shuffled_and_repeated_facts_end_the_same",
        "test_no_life_breaks_anything",
    ),
    27: (
        "test_every_unpaid_earning_waits_for_something_that_ends",
        "test_a_hold_that_nothing_ends_is_found",
    ),
    28: ("test_deliveries_at_once_never_pass_a_cap",),
    29: ("test_commission_has_accounts_of_its_own",),
    30: ("test_thirds_go_back_in_thirds_and_end_at_zero",),
    31: ("test_cumulative_thirds_of_333_are_taken_back_exactly",),
    32: ("test_what_is_taken_back_has_the_opposite_sign",),
    33: ("test_after_a_full_refund_everybody_has_nothing",),
    34: ("test_what_was_paid_becomes_a_debt",),
    35: ("test_lost_takes_the_rest_and_never_more",),
    36: ("test_a_refund_after_payment_is_a_debt_for_the_next_payout",),
    37: (
        "test_a_refund_of_what_is_available_counts_at_once",
        "test_a_refund_of_what_waits_eats_nothing_that_is_available",
    ),
    38: ("test_a_refund_sent_twice_is_made_once", "test_each_refund_is_sent_once"),
    39: ("test_every_attack_on_every_table_is_refused",),
    40: ("test_a_refund_of_the_dashboard_lands_and_takes_commission_back",),
    41: ("test_what_was_refunded_earns_no_bonus_and_is_in_no_report",),
    42: ("test_one_balance_is_claimed_by_one_run",),
    43: (
        "test_many_workers_send_one_transfer",
        "test_approve_send_and_cancel_end_in_one_transfer_or_none",
    ),
    44: ("test_the_amount_is_the_sum_of_a_thousand_claims",),
    45: ("test_what_is_claimed_is_not_claimed_again",),
    46: ("test_a_fee_leaves_the_net_and_the_ledger_shows_all",),
    47: ("test_registered_once_it_is_paid_once",),
    48: ("test_a_transfer_that_differs_is_quarantined_and_halts",),
    49: ("test_a_returned_payout_gives_all_its_parts_back",),
    50: ("test_queued_again_it_gets_a_new_key_after_the_quiet_time",),
    51: ("test_a_refund_since_the_approval_blocks",),
    52: (
        "test_whoever_waits_for_long_is_a_task_and_can_be_paid_alone",
        "test_a_payee_whom_no_run_reaches_is_told_of",
    ),
    53: ("test_the_amount_is_the_sum_of_a_thousand_claims",),
    54: ("test_money_that_comes_back_is_payable_again",),
    55: ("test_another_counter_does_not_know_it",),
}

ROOMS: dict[int, str] = {
    15: "promotions: there are no discount codes yet",
    16: "promotions: page, cart and order already ask the same prices",
    17: "grades: a point's grade is a word that staff write",
    56: "community: there is no ranking of points",
}


def test_every_known_defect_is_shown_or_has_its_room() -> None:
    assert sorted([*SHOWN, *ROOMS]) == list(range(1, 57))


def test_every_named_test_is_there() -> None:
    known = {
        name
        for path in TESTS.rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)\(", path.read_text())
    }

    missing = {number: set(names) - known for number, names in SHOWN.items()}

    assert {number: names for number, names in missing.items() if names} == {}
