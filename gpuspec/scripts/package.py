"""package.json: the scripts in it are shell."""

from __future__ import annotations

from gpuspec.scripts.loops import Judge
from gpuspec.scripts.shell import judge_shell
from gpuspec.text import parse, pointer


def judge_package(text: str, judge: Judge) -> list[str]:
    """Tell the judge what the scripts of a package.json run; their names."""
    names = []
    tree = parse(text)
    scripts = tree.value.get("scripts") if isinstance(tree.value, dict) else None
    for name, command in scripts.items() if isinstance(scripts, dict) else ():
        if isinstance(command, str):
            judge.place = (name,)
            names.append(name)
            judge_shell(command, judge, span=tree.span(pointer("scripts", name)))
    return names
