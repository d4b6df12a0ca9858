"""What runs on the rented machine itself. gpuspec is not installed there, so these files travel as text.

They need nothing but Python 3.8: the standard library, and by relative import each other and `gpuspec/printable.py`,
which goes with the programs (a test holds them to it).
`launch/downloads.py` packs `downloader/`, `launch/items.py` `item_runner/`; `readiness.py` and `redact.py` are
for the agents that launchers of plugins send. The local launcher runs the same files.
"""
