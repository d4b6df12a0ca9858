"""The program that runs a job's items one after the other on their machine (`runner.py`)."""
