"""Fetches a job's `downloads` before its command runs. `fetch.py` is the program; its table `PLANS` names what plans
the files of each strategy."""
