"""Shell and Python commands, read once into steps. Nothing is executed."""
