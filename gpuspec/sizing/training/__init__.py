"""Memory of training text models: state, what a step passes through, and what several GPUs divide."""
