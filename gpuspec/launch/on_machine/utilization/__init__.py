"""How much of its machine a job uses: a program that looks every few seconds, beside the job's command. Runs on
Python 3.8 and the standard library alone; the local launcher uses the same parts."""
