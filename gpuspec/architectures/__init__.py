"""From a model's config.json to its structure: weights, layers, what is remembered of a text.

`read_architecture` of `read.py` is the way in. Nothing is imported here: Model needs the types alone, and they lie on
the way of every `gpuspec lint`."""
