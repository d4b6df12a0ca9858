"""What a plugin may add to gpuspec, and how plugins are found, loaded and checked."""
