"""A plugin in use for a test, without installing it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from gpuspec.plugin import load as installed
from gpuspec.plugin.installed_catalog import catalog_instead


@contextmanager
def plugged(*modules: Any) -> Iterator[None]:
    """In the block these modules (or objects with hooks) are the installed plugins, and no others.

    A plugin that is broken, or gives what is refused, fails the test.
    """
    now = installed.Plugins()
    for module in modules:
        name = getattr(module, "__name__", type(module).__name__)
        now.add(name.split(".")[0].replace("_", "-"), module)
        assert not now.broken, f"{name}: {now.broken[0].message}"
    with patch.object(installed, "_plugins", now), catalog_instead(None):
        yield
    assert not now.broken, f"plugin {now.broken[0].plugin}: {now.broken[0].message}"
