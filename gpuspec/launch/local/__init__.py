"""This machine as a launcher: the same job, in place, for trying a spec before renting anything."""
