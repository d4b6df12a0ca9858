"""Writing a file in one step."""

import os
import stat


def atomic_write(path: str, data: bytes, *, mode: int | None = None) -> None:
    """Write through a temporary file in the same folder: nobody sees half a file, and where that fails (OSError) the
    file is as it was. `mode` is that of the new file (None: the usual). A device or a pipe (`/dev/stdout`) is written
    to, not replaced."""
    if takes_what_comes(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)  # not to wait for a pipe that nobody reads
        os.set_blocking(descriptor, True)
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
        return
    temporary = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.{os.getpid()}.tmp")
    try:
        first = 0o666 if mode is None else mode & 0o600  # others do not read it before it has its mode
        with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, first)) as file:
            file.write(data)
        if mode is not None:
            os.chmod(temporary, mode)
        os.replace(temporary, path)
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


def takes_what_comes(path: str) -> bool:
    """Whether it is a device or a pipe: a terminal, or another program."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode)
