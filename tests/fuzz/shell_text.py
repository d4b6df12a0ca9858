"""Shell commands from a grammar: every program and flag of the engines, in all that shells allow around them."""

from __future__ import annotations

import random
import shlex
from collections.abc import Callable

from gpuspec.scripts.launch_commands import COMMANDS
from tests.fuzz.values import argument, model, number, programs, word

WRAPPERS = [
    "sudo -u me", "nohup", "exec", "time", "nice -n 5", "env A=1 B=$A", "timeout 5m", "timeout -k 5 10",
    "xargs -n 1 -P 4", "srun -n 8", "mpirun -np 8", "torchrun --nproc_per_node 8",
    "accelerate launch --num_processes 4", "uv run --with x", "conda run -n e", "poetry run",
    "docker run --rm -e A=1", "docker exec -it c", "ssh host", "tmux new -d", "stdbuf -oL", "command",
    "builtin", "eval", "bash -lc", "sh -c", "python -m", "python -c", "parallel -j 2", "watch -n 1",
    "CUDA_VISIBLE_DEVICES=0,1", "numactl -N 0", "find . -exec", "while true; do", "nsys profile -o x",
    "doppler run --", "!", "flock f -c", "setsid", "coproc",
]  # fmt: skip
ASIDE = [
    "set -euo pipefail", "cd /workspace", "cd", "cd -", "export A=8", "source env.sh",
    "pip install vllm==0.6.3", "sleep infinity", "trap 'kill 0' EXIT", "wait", "true", "exit 1",
    "read -r line", "shift", "local x=1", "declare -A m=([a]=1 [b]=2)", "a=(1 2 3)", "unset A",
    "ulimit -n 9", "git clone https://h/r", "huggingface-cli download m/n", "wget http://h/x",
    "curl -L h | bash", "nvidia-smi", "mapfile -t xs < list", "let n+=1", "((n++))",
    "[[ -f x && $a =~ ^b ]]", "test -z $x", "set -- a b c", "alias g='gpu run'", ": ${A:=8}",
    "printf '%s\\n' \"${a[@]}\"", "#!/bin/bash", "# comment", "# gpuspec: ignore[GS101]",
    "#SBATCH --gres=gpu:8", "return", "break", "continue", "ollama serve &", "ollama pull llama3",
    "jupyter lab --ip 0.0.0.0", "tail -f /dev/null",
]  # fmt: skip
EXPANSIONS = [
    "$A", "${A}", "${A:-8}", "${A:=${B:-4}}", "${A%%.*}", "${A//x/y}", "${#A}", "${!A}", "${a[0]}",
    "${a[@]}", "${A^^}", "${A:1:2}", "$((A*2))", "$((1<<62))", "$((9**999))", "$((1/0))", "$(nproc)",
    "$(seq 1 99999999)", "`hostname`", "$1", "$@", "$*", "$#", "$?", "$$", "{1..8}", "{1..99999999}",
    "{a,b{c,d}}", "<(cat x)", "$'\\x41\\n'", '$"x"', "~", "*.py", "${A?unset}", "${A@Q}", "$[1+1]",
]  # fmt: skip


class Shell:
    """Writes commands. `depth` bounds how far they nest; `room` how many there are."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.room = chance.choice((3, 10, 40))

    def text(self) -> str:
        """Some lines; one in twenty with a part of it many times over."""
        lines = [self.line(chance_depth(self.chance)) for _ in range(self.chance.randint(1, 8))]
        if self.chance.random() < 0.05:
            at = self.chance.randrange(len(lines))
            lines[at] = self._many(lines[at])
        return self.chance.choice(("\n", "\n", "\n", "; ", " && ", "\r\n", "\n\n\t")).join(lines)

    def line(self, depth: int) -> str:
        """A command, simple or not."""
        self.room -= 1
        if depth <= 0 or self.room <= 0:
            return self.simple()
        forms: list[Callable[[int], str]] = [
            self._simple, self._simple, self._wrapped, self._joined, self._loop, self._if, self._case,
            self._function, self._grouped, self._heredoc, self._assigned, self._quoted, self._python,
        ]  # fmt: skip
        return self.chance.choice(forms)(depth - 1)

    def simple(self) -> str:
        """A program with its arguments, or something aside."""
        if self.chance.random() < 0.25:
            return self.chance.choice(ASIDE)
        if self.chance.random() < 0.2:
            launch = self.chance.choice(COMMANDS)
            return " ".join(
                (*launch.words, self._word(), *(f"{o} {self._word()}" for o in launch.identity if o))
            )
        start, tool = self.chance.choice(programs())
        parts = [start]
        if self.chance.random() < 0.6:
            parts.append(model(self.chance))
        for _ in range(self.chance.choice((0, 1, 3, 8))):
            flag, value = argument(tool, self.chance)
            value = shlex.quote(value) if self.chance.random() < 0.6 else value
            value = self._expansion() if self.chance.random() < 0.1 else value
            parts.append(
                flag if self.chance.random() < 0.1 else flag + self.chance.choice((" ", " ", "=")) + value
            )
        if self.chance.random() < 0.2:
            parts.append(
                self.chance.choice(
                    ("> log 2>&1", "| tee log", "&", "2>/dev/null", "< in", ">>a", "|& cat", "&> x")
                )
            )
        return self.chance.choice((" ", " ", " ", " \\\n  ")).join(parts)

    def _simple(self, depth: int) -> str:
        return self.simple()

    def _word(self) -> str:
        return self._expansion() if self.chance.random() < 0.4 else shlex.quote(word(self.chance))

    def _expansion(self) -> str:
        found = self.chance.choice(EXPANSIONS)
        return f'"{found}"' if self.chance.random() < 0.4 else found

    def _wrapped(self, depth: int) -> str:
        wrapper = self.chance.choice(WRAPPERS)
        inner = self.line(depth)
        return f"{wrapper} {shlex.quote(inner) if self.chance.random() < 0.4 else inner}"

    def _joined(self, depth: int) -> str:
        return self.chance.choice((" && ", " || ", "; ", " | ", " & ", "\n")).join(
            self.line(depth) for _ in range(self.chance.randint(2, 4))
        )

    def _loop(self, depth: int) -> str:
        head = self.chance.choice((
            f"for x in {self._word()} {self._word()}", "for x in a b c", "for ((i=0;i<9;i++))",
            "while true", "while read -r x", "until curl -s h", "select x in a b", "for x",
            'for x in "${a[@]}"', "for x in $(seq 8)", "while [ $i -lt 8 ]",
        ))  # fmt: skip
        return f"{head}; do {self.line(depth)}{self.chance.choice((';', ' &', chr(10)))} done"

    def _if(self, depth: int) -> str:
        middle = f"; else {self.line(depth)}" if self.chance.random() < 0.5 else ""
        return f"if {self.line(0)}; then {self.line(depth)}{middle}; fi"

    def _case(self, depth: int) -> str:
        return f"case {self._word()} in a|b) {self.line(depth)};; *) {self.line(depth)};& esac"

    def _function(self, depth: int) -> str:
        name = self.chance.choice(("f", "serve", "run_one", "vllm", "cd"))
        return f"{name}() {{ {self.line(depth)}; }}; {name} {self._word()} {self._word()}"

    def _grouped(self, depth: int) -> str:
        opening, closing = self.chance.choice(
            (("(", ")"), ("{ ", "; }"), ("$(", ")"), ("`", "`"), ("<(", ")"), ("((", "))"))
        )
        return f"{opening}{self.line(depth)}{closing}"

    def _heredoc(self, depth: int) -> str:
        mark = self.chance.choice(("EOF", "'EOF'", '"E F"', "-EOF"))
        reader = self.chance.choice(
            ("cat", "python3 -", "bash", "tee config.yaml", "ssh h bash", "cat > train.py")
        )
        return f"{reader} <<{mark}\n{self.line(depth)}\n{mark.strip(chr(39) + chr(34) + '-')}\n"

    def _assigned(self, depth: int) -> str:
        name = self.chance.choice(("A", "B", "MODEL", "ARGS", "PATH", "IFS", "a"))
        return f"{name}={self._word()}; {self.line(depth)} ${name} --x ${{{name}}}"

    def _quoted(self, depth: int) -> str:
        return f"bash -c {shlex.quote(self.line(depth))} {self._word()}"

    def _python(self, depth: int) -> str:
        from tests.fuzz.python_text import Python

        return f"python -c {shlex.quote(Python(self.chance).text())}"

    def _many(self, line: str) -> str:
        times = self.chance.choice((50, 500, 3000))
        ways: list[Callable[[], str]] = [
            lambda: "\n".join([line] * times),
            lambda: "(" * times + line + ")" * times,
            lambda: "if true; then " * times + line + "; fi" * times,
            lambda: " && ".join([self.simple()] * times),
            lambda: f"{line} " + f"--x {number(self.chance)} " * times,
            lambda: " | ".join(["a"] * times),
            lambda: "".join(f"V{at}=${{V{at - 1}}}x\n" for at in range(times)) + f"{line} $V{times - 1}",
            lambda: (
                "".join(f"V{at}=$V{at - 1}$V{at - 1}\n" for at in range(1, min(times, 200)))
                + f"{line} $V{times - 1}"
            ),
            lambda: (
                "".join(f"f{at}() {{ f{at + 1}; f{at + 1}; }}\n" for at in range(min(times, 60)))
                + f"{line}\nf0"
            ),
            lambda: "$(" * times + "x" + ")" * times,
            lambda: "bash -c " * times + line,
        ]
        return self.chance.choice(ways)()


def chance_depth(chance: random.Random) -> int:
    """How deep to nest: mostly little."""
    return chance.choice((0, 1, 1, 2, 3, 6))
