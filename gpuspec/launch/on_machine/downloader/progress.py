"""What the downloads of one run share while they go on."""

from __future__ import annotations

import threading
import time

from .file import size_text


class Progress:
    """Bytes that came over the network (`fetched`), those that are to come as far as is known (`total`), and whether
    to `stop`, since another failed. `first_pause`: the first wait between tries, in seconds."""

    def __init__(self, first_pause: float) -> None:
        self.first_pause = first_pause
        self.stop = threading.Event()
        self.fetched = 0
        self.total = 0
        self._lock = threading.Lock()
        self._said = self._began = time.monotonic()

    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self._began

    def count(self, size: int) -> None:
        """Note bytes that came; now and then say how far it is."""
        with self._lock:
            self.fetched += size
            now = time.monotonic()
            if now - self._said < 10:
                return
            self._said = now
            speed = size_text(self.fetched / (now - self._began))
        of = f" of {size_text(self.total)}" if self.total else ""
        print(f"download: {size_text(self.fetched)}{of}, {speed}/s", flush=True)
