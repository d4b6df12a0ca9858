"""Builds the table of the hub's models that ships with gpuspec."""
