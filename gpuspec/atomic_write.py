"""Writing a file in one step."""

import os


def atomic_write(path: str, data: bytes, *, mode: int | None = None) -> None:
    """Write through a temporary file in the same folder: nobody sees half a file, and where that fails (OSError) the
    file is as it was. `mode` is that of the new file (None: the usual)."""
    temporary = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.{os.getpid()}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
        if mode is not None:
            os.chmod(temporary, mode)
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)
