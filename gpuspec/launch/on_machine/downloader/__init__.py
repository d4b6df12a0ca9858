"""Fetches a job's `downloads` before its command runs. `fetch.py` is the program; its table `PLANNERS` has a row for
each strategy."""
