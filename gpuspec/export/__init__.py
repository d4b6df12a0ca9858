"""Jobs as files of other tools: one module a target, each a function from what is to be written to text."""
