"""The scripts are read by the tests, not run."""

collect_ignore = ["flag", "silent", "judged", "timers", "blind_b"]
