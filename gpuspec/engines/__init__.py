"""Programs that put models to work, as data: one table per family."""

from __future__ import annotations

from gpuspec.engines import audio, image, serving, training
from gpuspec.engines.serving import IMAGES
from gpuspec.engines.tool import Tool

PROGRAMS: dict[tuple[str, ...], Tool] = {**serving.TOOLS, **training.TOOLS, **image.TOOLS, **audio.TOOLS}
"""How a command begins → what is known of its program; `python -m x` begins with ("-m", "x")."""
LAUNCHERS = training.LAUNCHERS
SCRIPTS = (*image.SCRIPTS, *training.SCRIPTS)
RECIPES = training.RECIPES


def script_tool(name: str) -> Tool | None:
    """The tool that a Python file's name stands for, if it does."""
    for starts, tool in SCRIPTS:
        if name.startswith(starts):
            return tool
    words = set(
        name.removesuffix(".py").lower().replace("-", "_").replace("fine_tune", "finetune").split("_")
    )
    if words & training.TRAINING_WORDS and not words & training.OTHER_WORDS:
        return training.GENERIC_TRAINING
    return None


def gpuspec_workload_readers() -> dict[tuple[str, ...], Tool]:
    """The built-in tables, through the hook that any plugin's come through."""
    return PROGRAMS


__all__ = ["IMAGES", "LAUNCHERS", "PROGRAMS", "RECIPES", "Tool", "gpuspec_workload_readers", "script_tool"]
