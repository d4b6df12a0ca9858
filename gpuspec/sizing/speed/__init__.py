"""How fast work is done: tokens, images or steps a second, first tokens, hours. Knows no prices.

`text.py` is for models that answer, `work.py` for whatever the work is; both are built from the other files.
"""
