"""Memory of text models that answer: what stands on the GPU, and the phases of each way to allocate."""
