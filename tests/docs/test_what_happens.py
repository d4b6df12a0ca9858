"""The table "What happens when …" of docs/how-to/launch.md: each line is shown by tests, which stand here."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

BROKEN, KILLED, TROUBLE, VMS, FAULTS = (
    "launch/test_broken_on_the_way.py",
    "launch/test_killed.py",
    "launch/test_skypilot_in_trouble.py",
    "e2e/test_on_vm.py",
    "e2e/test_faults_on_vm.py",
)

SHOWN: dict[str, tuple[tuple[str, str], ...]] = {
    "the job ends, well or not": (
        (KILLED, "test_a_second_run_uses_the_machine_again_unless_told_not_to"),
        (KILLED, "test_results_come_before_the_machine_goes"),
        (VMS, "test_the_first_machine_has_gone_by_itself"),
    ),
    "Ctrl-C, a closed terminal": (
        (BROKEN, "test_ctrl_c_in_the_middle_of_a_job_takes_the_machine_down"),
        (BROKEN, "test_a_second_ctrl_c_leaves_at_once_and_names_the_machine"),
        (BROKEN, "test_ctrl_c_with_the_network_cut_ends_the_job_and_keeps_the_results"),
        (FAULTS, "test_ctrl_c_in_the_middle_of_a_job_leaves_nothing"),
        (VMS, "test_ctrl_c_before_the_cloud_shows_the_machine"),
        (VMS, "test_ctrl_c_twice_while_it_rents"),
    ),
    "the client is killed": (
        (KILLED, "test_a_client_killed_on_its_way"),
        (BROKEN, "test_a_later_client_brings_what_nobody_followed"),
        (FAULTS, "test_clients_killed_later"),
    ),
    "setup or a download fails": (
        ("e2e/test_on_slurm.py", "test_setup_that_fails_is_told_and_its_machine_has_its_timer"),
        (FAULTS, "test_a_client_killed_in_a_download_and_the_network_cut"),
    ),
    "the service never is ready": ((VMS, "test_one_that_never_is_ready_is_ended_on_the_machine_used_again"),),
    "the time limit": (
        ("launch/test_skypilot_job_text.py", "test_the_limit_ends_the_job_and_says_so"),
        (VMS, "test_the_time_limit_holds_without_the_client"),
    ),
    "the [cache's](#a-cache-that-outlives-the-machine) bucket takes nothing more": (
        ("launch/test_cache.py", "test_a_job_ends_when_what_it_wrote_is_in_the_bucket"),
        ("e2e/test_cache.py", "test_an_item_whose_output_did_not_reach_the_bucket_is_done_again"),
    ),
    "outputs cannot be fetched": (
        (KILLED, "test_results_that_cannot_be_fetched_keep_the_machine_for_an_hour"),
        (BROKEN, "test_a_later_client_whose_fetch_fails_says_so_and_keeps_the_machine"),
        (BROKEN, "test_outputs_are_tried_again_where_the_connection_breaks"),
        (FAULTS, "test_the_network_cut_while_results_come"),
    ),
    "your disk is full": (
        (BROKEN, "test_our_disk_is_full_when_the_machine_is_up"),
        (FAULTS, "test_the_disk_here_is_full"),
    ),
    "two clients run one spec": (
        ("launch/test_outputs.py", "test_two_runs_at_the_same_time_lose_neither_s_result"),
        (FAULTS, "test_two_clients_on_one_spec"),
    ),
    "taking it down fails": (
        ("launch/test_skypilot_left_running.py", "test_the_message_names_the_machine_and_the_record_is_lost"),
    ),
    "the connection, or SkyPilot's server, breaks": (
        (BROKEN, "test_a_log_that_breaks_off_is_taken_up_again"),
        (BROKEN, "test_a_connection_that_does_not_come_back_leaves_the_run_to_its_timer"),
        (FAULTS, "test_the_network_cut_in_the_middle_of_a_job"),
        ("e2e/test_on_slurm.py", "test_the_server_killed_in_the_middle_of_a_job"),
    ),
    "SkyPilot's server is killed while it rents": (
        (TROUBLE, "test_what_a_killed_server_left_behind_is_named"),
        (TROUBLE, "test_it_is_waited_for_until_it_is_seen"),
        (VMS, "test_the_server_killed_while_it_rents"),
        (VMS, "test_client_and_server_alone_killed_while_it_rents"),
    ),
    "the machine is not reached": (
        (BROKEN, "test_a_machine_that_is_not_reached_is_not_one_without_a_job"),
        (FAULTS, "test_the_network_cut_in_the_middle_of_a_job"),
    ),
    "the machine went, and nobody had asked how the job ended": (
        (BROKEN, "test_a_machine_that_went_before_anybody_asked"),
    ),
    "gpuspec itself fails (exit status 3)": (
        (KILLED, "test_an_unforeseen_error_leaves_no_machine"),
        (KILLED, "test_an_unforeseen_error_and_a_teardown_that_fails_say_what_may_be_up"),
    ),
    "a clock is set": ((KILLED, "test_a_clock_that_is_set_takes_no_machine_and_costs_nothing"),),
    "a spot machine is taken back": (
        (BROKEN, "test_a_machine_that_goes_in_the_middle_of_its_job"),
        ("e2e/test_controllers.py", "test_a_job_goes_on_when_its_machine_is_taken_back"),
    ),
}  # fmt: skip
"""Line of the table, by its first cell → (file under tests/, test in it)."""


def test_each_line_of_the_table_is_shown_by_a_test() -> None:
    page = (REPOSITORY / "docs" / "how-to" / "launch.md").read_text(encoding="utf-8")
    table = page.partition("## What happens when …")[2].partition("## ")[0]
    lines = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")]
    assert lines[1:] == list(SHOWN)


def test_those_tests_are_there() -> None:
    named = sorted({each for shown in SHOWN.values() for each in shown})
    texts = {file: (REPOSITORY / "tests" / file).read_text(encoding="utf-8") for file, _ in named}
    missing = [each for each in named if not re.search(rf"^def {each[1]}\(", texts[each[0]], re.MULTILINE)]
    assert missing == []
