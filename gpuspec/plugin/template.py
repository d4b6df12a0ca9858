"""What `gpuspec plugin new` writes: the files in template_files/, with @NAME@ and the like filled in."""

from __future__ import annotations

import re
from pathlib import Path

from gpuspec.version import __version__

FILES = Path(__file__).parent / "template_files"
"""Each file there has `.txt` after its name: no tool takes it for one of gpuspec's own."""


def files(name: str) -> dict[str, str]:
    """Path → text of a new plugin; `name` is its name without "gpuspec-", in lower case with hyphens."""
    letters = "".join(re.findall("[A-Z]", name.upper()))[:10]
    major, minor = __version__.split(".")[:2]
    words = {
        "NAME": name,
        "PACKAGE": f"gpuspec_{name.replace('-', '_')}",
        "CODE": letters if len(letters) > 1 and letters != "GS" else f"{letters}X",
        "VERSION": __version__,
        "NEXT": f"0.{int(minor) + 1}" if major == "0" else str(int(major) + 1),
    }

    def filled(text: str) -> str:
        return re.sub("@([A-Z]+)@", lambda found: words[found[1]], text)

    return {
        filled(path.relative_to(FILES).as_posix().removesuffix(".txt")): filled(path.read_text("utf-8"))
        for path in FILES.rglob("*.txt")
    }
