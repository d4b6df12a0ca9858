"""Shell text → the simple commands in it, with argv, offsets and what encloses them. Nothing is ever run."""

from gpuspec.commands.shell.script import Command, Enclosure, Redirect, ShellScript, Wrapper
from gpuspec.commands.shell.walk import parse
from gpuspec.commands.word import GPU_COUNT, UNKNOWN, Word

__all__ = [
    "GPU_COUNT",
    "UNKNOWN",
    "Command",
    "Enclosure",
    "Redirect",
    "ShellScript",
    "Word",
    "Wrapper",
    "parse",
]
