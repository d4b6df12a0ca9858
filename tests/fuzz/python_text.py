"""Python scripts from a grammar: loaders of the engines, launches in loops, and all that may stand around them."""

from __future__ import annotations

import random
from collections.abc import Callable

from gpuspec.scripts.launch_commands import CALLS, COMMANDS
from tests.fuzz.values import argument, loaders, model, number, word

IMPORTS = [
    "import os, sys, subprocess, time", "import sky", "import runpod as rp",
    "from runpod import create_pod", "import boto3", "from subprocess import run, Popen as P",
    "from concurrent.futures import ThreadPoolExecutor", "from joblib import Parallel, delayed",
    "import asyncio", "import numpy as np, pandas as pd", "from itertools import product",
    "import argparse", "from x import *", "import modal",
]  # fmt: skip
EXPRESSIONS = [
    "x", "items", "range(8)", "range(10**12)", "range(-1, 9**99, 0)", "[1, 2, 3]", "list(range(99999999))",
    "dict(a=1)", "os.listdir('.')", "sys.argv[1:]", "[y for y in items]", "open('f').read().split()",
    "f'{x}-{i!r:>{w}}'", "'%s %d' % (x, i)", "'{} {a}'.format(x, a=1)", "x if y else z", "lambda q: q",
    "9**9**9", "1 << 10**9", "'a' * 10**9", "[0] * 10**10", "~x", "not x", "x[1:2:3]", "x.y.z", "*x", "**x",
    "await f(x)", "yield x", "(x := 5)", "-x", "1e999", "0x" + "f" * 5000, "'\\ud800'", "b'\\xff'", "...",
    "None", "zip(a, b)", "enumerate(items)", "product(a, b, c)", "map(f, items)", "sorted(set(items))",
    "len(items)", "items[:3]", "(1).__class__", "'x' + x + 'y'", "' '.join(cmd)", "cmd.split()",
    "int('9' * 5000)", "10 ** -3", "7 // 0", "{}",
]  # fmt: skip

ENDINGS = ("break", "continue", "return x", "pass", "global x", "raise SystemExit(1)", "del x", "assert x, y")


class Python:
    """Writes statements. `room` bounds how many there are."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.room = chance.choice((3, 10, 40))

    def text(self) -> str:
        """A script; one in twenty with a part of it many times over."""
        lines = self.chance.sample(IMPORTS, self.chance.randint(0, 5))
        for _ in range(self.chance.randint(1, 8)):
            lines += self.statement(self.chance.choice((0, 1, 2, 3, 6)))
        text = "\n".join(lines) + "\n"
        return self._many(text) if self.chance.random() < 0.05 else text

    def statement(self, depth: int) -> list[str]:
        """A statement as lines."""
        self.room -= 1
        if depth <= 0 or self.room <= 0:
            return [self.simple()]
        head = self.chance.choice((
            f"for x in {self.expression()}:", f"for i, x in enumerate({self.expression()}):", "while True:",
            f"while {self.expression()}:", f"if {self.expression()}:", "def f(x, *items, y=8, **more):",
            "async def f(x):", "class C:", "try:", f"with {self.expression()} as x:",
            "if __name__ == '__main__':", "async for x in items:",
            f"match {self.expression()}:\n    case [1, *x] if x:\n        pass\n    case _:",
        ))  # fmt: skip
        body = [line for _ in range(self.chance.randint(1, 3)) for line in self.statement(depth - 1)]
        deeper = "        " if head.startswith("match") else "    "
        lines = [head, *(deeper + part for line in body for part in line.split("\n"))]
        if head == "try:":
            lines += [
                f"except {self.chance.choice(('Exception', '(A, B) as e', 'KeyError'))}:",
                f"    {self.simple()}",
            ]
        if head.startswith(("def", "class")):
            lines.append(f"{head.split('(')[0].rstrip(':').split()[-1]}({self.expression()})")
        return lines

    def simple(self) -> str:
        """A statement without others in it."""
        forms: list[Callable[[], str]] = [
            self._load, self._load, self._launch, self._start,
            lambda: f"{self.chance.choice(('x', 'items', 'cmd', 'a, b', 'x.y', 'x[0]', 'A'))} = {self.expression()}",
            lambda: f"x += {self.expression()}", lambda: f"os.environ['A'] = {self.expression()}",
            lambda: f"cmd.append({self.expression()})", lambda: f"print({self.expression()})",
            lambda: self.chance.choice(ENDINGS), self._options, self._decorated,
            lambda: f"[{self._start()} for x in {self.expression()}]",
            lambda: f"ThreadPoolExecutor({number(self.chance)}).map(f, {self.expression()})",
            lambda: "# gpuspec: ignore",
        ]  # fmt: skip
        return self.chance.choice(forms)()

    def expression(self) -> str:
        """A value."""
        kind = self.chance.random()
        if kind < 0.5:
            return self.chance.choice(EXPRESSIONS)
        if kind < 0.7:
            return repr(word(self.chance))
        if kind < 0.8:
            return f"[{', '.join(repr(word(self.chance)) for _ in range(self.chance.randint(0, 5)))}]"
        return number(self.chance) or "0"

    def _options(self) -> str:
        default = repr(model(self.chance))
        added = f"p = argparse.ArgumentParser(); p.add_argument('--model', default={default})"
        return f"{added}; args = p.parse_args()"

    def _decorated(self) -> str:
        function = f"app.function(gpu={word(self.chance)!r})"
        return f"@{self.chance.choice((function, 'retry', 'x'))}\ndef f(): pass"

    def _load(self) -> str:
        module, call, tool = self.chance.choice(loaders())
        given = [repr(model(self.chance))] if self.chance.random() < 0.5 else []
        for _ in range(self.chance.choice((0, 1, 4))):
            flag, value = argument(tool, self.chance)
            name = flag.lstrip("-").replace("-", "_")
            given.append(f"{name}={self.expression() if self.chance.random() < 0.5 else value or repr('')}")
        return f"from {module} import *; x = {call}({', '.join(given)})"

    def _launch(self) -> str:
        call = self.chance.choice(CALLS)
        named = ", ".join(
            f"{name.rstrip('=')}={self.expression()}" for name in call.identity if name.endswith("=")
        )
        return f"{call.words[0].removesuffix('()')}({named})"

    def _start(self) -> str:
        command = " ".join(self.chance.choice(COMMANDS).words)
        return self.chance.choice((
            f"subprocess.run({command.split()!r} + [x])", f"os.system(f'{command} {{x}}')",
            f"subprocess.run('{command} ' + {self.expression()}, shell=True)",
            f"subprocess.Popen(['bash', '-c', {command!r}])", "os.system('vllm serve ' + x)",
        ))  # fmt: skip

    def _many(self, text: str) -> str:
        times = self.chance.choice((50, 500, 3000))
        ways: list[Callable[[], str]] = [
            lambda: text + self.simple() + "\n" + (self.simple() + "\n") * times,
            lambda: text + "x = " + "(" * times + "1" + ")" * times,
            lambda: text + "x = " + " + ".join(["x"] * times),
            lambda: text + "x = " + "-" * times + "1",
            lambda: text + "x = [" + "1," * times + "]",
            lambda: (
                "".join("    " * at + "for x in y:\n" for at in range(min(times, 90)))
                + "    " * 90
                + "f()\n"
                + text
            ),
            lambda: (
                "".join(f"def f{at}():\n    f{at + 1}()\n    f{at + 1}()\n" for at in range(min(times, 200)))
                + text
                + "f0()\n"
            ),
            lambda: (
                "x0 = 'a'\n"
                + "".join(f"x{at} = x{at - 1} + x{at - 1}\n" for at in range(1, min(times, 300)))
                + text
                + f"os.system(x{times - 1})"
            ),
            lambda: text + "if x: pass\n" + "elif x: pass\n" * times,
            lambda: text + "x" + ".y" * times + "()",
            lambda: text + "x = " + "lambda: " * times + "1",
        ]
        return self.chance.choice(ways)()
