"""What runs on the rented machine itself. gpuspec is not installed there, so these files travel as text.

They need nothing but Python 3.8: the standard library, and each other by relative import. `downloader/` is sent as
one zip file (`launch/downloads.py` packs it), `item_runner.py` as it is (`launch/items.py`). The local launcher runs
the same files. tests/launch/test_on_machine.py holds every file of this folder to that.
"""
