"""The shell reader: what bash would make of a text, without running it."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpuspec.commands.shell import GPU_COUNT, UNKNOWN, Command, ShellScript, parse
from gpuspec.commands.word import marks


def only(text: str, **more: Any) -> Command:
    commands = parse(text, **more).commands
    assert len(commands) == 1, commands
    return commands[0]


def argvs(text: str, **more: Any) -> list[tuple[str | None, ...]]:
    return [command.argv for command in parse(text, **more).commands]


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("a b  c", ("a", "b", "c")),
        ("a \\\n  b", ("a", "b")),
        ("a 'b c' \"d e\" f\\ g", ("a", "b c", "d e", "f g")),
        ("a --x=\"b c\"'d'e", ("a", "--x=b cde")),
        ("a $'x\\ty'", ("a", "x\ty")),
        ('a "b\\"c" "\\n"', ("a", 'b"c', "\\n")),
        ("a ''", ("a", "")),
        ('X=1; a $X ${X} "$X"', ("a", "1", "1", "1")),
        ("X='b c'; a $X \"$X\"", ("a", "b", "c", "b c")),
        ("X=(b 'c d'); a \"${X[@]}\" e", ("a", "b", "c d", "e")),
        ("X=(b); X+=(c); a ${X[@]}", ("a", "b", "c")),
        ("X=b; X+=c; a $X", ("a", "bc")),
        ('a ${Y:-b} ${Y-c} "${Y:-d e}"', ("a", "b", "c", "d e")),
        ("a ${Y:=b}; ", ("a", "b")),
        ("X=; a ${X:-b} ${X-c}", ("a", "b")),
        ("a $Z", ("a", None)),
        ("a $(date) pre$(date)", ("a", None, None)),
        ("a `date`", ("a", None)),
        (
            "N=2 M=8; a $((1 + 2 * 3)) $((N*$M)) $(( (${M} - 1) / N )) $((N*K)) $((1/0))",
            ("a", "7", "16", "3", None, None),
        ),
        ("for i in 1; do a $((1+2)); done", ("a", "3")),
        ("for i in 1; do a $((1+i)); done", ("a", None)),
        ('X=b Y=\'c d\'; a "$X $Y" "$X  ${Z:-e f}" "$X $((1+2))"', ("a", "b c d", "b  e f", "b 3")),
        ("read -r -d '' X <<EOF\nb c\nEOF\na $X", ("a", "b", "c")),
        ("for i in {1..3}; do :; done; a b", ("a", "b")),
        ("a $(seq 3) $(seq 2 4) $(seq 1 2 5)", ("a", "1", "2", "3", "2", "3", "4", "1", "3", "5")),
        ("N=2; a $(seq $N) $(seq 0 $((N-1)))", ("a", "1", "2", None)),
        ("X=(b c); a ${!X[@]}", ("a", "0", "1")),
        ("declare -A X=([k]=1 [l]=2); a ${!X[@]}", ("a", "k", "l")),
        ("alias a='a -x'; a b", ("a", "-x", "b")),
    ],
)
def test_words(text: str, argv: tuple[str | None, ...]) -> None:
    commands = [c for c in parse(text).commands if c.name == "a"]
    assert [c.argv for c in commands] == [argv]


def test_the_first_environment_is_given() -> None:
    assert only("a $M $S ${M:-x} ${S:-x}", env={"M": "m", "S": None}).argv == ("a", "m", None, "m", None)
    assert only("a $1 $2 $3", arguments=("x", "y")).argv == ("a", "x", "y")


def test_what_counts_gpus_stays_a_symbol() -> None:
    text = "a $SKYPILOT_NUM_GPUS_PER_NODE -n=$(nvidia-smi --list-gpus | wc -l) $(nvidia-smi | wc -l)"
    command = next(c for c in parse(text).commands if c.name == "a")
    assert [word.text for word in command.words[1:]] == [GPU_COUNT, f"-n={GPU_COUNT}", UNKNOWN]
    assert command.argv == ("a", None, None, None)


@pytest.mark.parametrize(
    ("text", "argv", "wrappers"),
    [
        ("sudo -u me nohup a b", ("a", "b"), ["sudo", "nohup"]),
        ("env -u X A=1 a b", ("a", "b"), ["env"]),
        ("bash -lc 'a \"b c\"'", ("a", "b c"), ["bash"]),
        ("eval 'a b'", ("a", "b"), ["eval"]),
        ("timeout -k 5 10m a b", ("a", "b"), ["timeout"]),
        ("conda run -n e --live-stream a b", ("a", "b"), ["conda"]),
        ("uv run --with x python -m a", ("python", "-m", "a"), ["uv"]),
        ("docker run --gpus all -v a:b -e X=1 image a b", ("a", "b"), ["docker"]),
        ("echo x | xargs -I{} -P 4 a {}", ("a", None), ["xargs"]),
        ("parallel -j 4 a {} ::: x y", ("a", None), ["parallel"]),
        ("ssh -p 22 host 'a b'", ("a", "b"), ["ssh"]),
        ("tmux new-session -d -s s 'a b'", ("a", "b"), ["tmux"]),
        ("exec a b", ("a", "b"), ["exec"]),
        ("find . -name '*.x' -exec a {} \\;", ("a", None), ["find"]),
        ("find . -exec a b +", ("a", "b"), ["find"]),
        ("bash <<'E'\na b\nE", ("a", "b"), ["bash"]),
        ("bash /dev/fd/3 3<<'E'\na b\nE", ("a", "b"), ["bash"]),
    ],
)
def test_wrappers_are_peeled(text: str, argv: tuple[str, ...], wrappers: list[str]) -> None:
    command = next(c for c in parse(text).commands if c.argv == argv)
    assert [wrapper.name for wrapper in command.wrappers] == wrappers


def test_docker_says_its_image_and_environment() -> None:
    command = only("docker run --rm --env A=b -p 80:80 org/image:1 --flag")
    assert command.argv == ("--flag",)
    assert command.wrappers[0].image is not None
    assert command.wrappers[0].image.value == "org/image:1"
    assert command.assignments == {"A": "b"}


def test_what_encloses_a_command() -> None:
    text = "for f in x y; do\n  if test -f $f; then a $f & fi\ndone"
    command = next(c for c in parse(text).commands if c.name == "a")
    assert [e.kind for e in command.enclosures] == ["for", "if", "background"]
    loop = command.loops[0]
    assert (loop.variable, [w.value for w in loop.words], loop.text) == ("f", ["x", "y"], "for f in x y")
    assert command.conditional


def test_functions_are_walked_where_they_are_called() -> None:
    text = 'go() { a "$1" ; }\nfor i in x y; do go fixed; done\ngo z\nunused() { b; }'
    commands = parse(text).commands
    assert [c.argv for c in commands] == [("a", "fixed"), ("a", "z"), ("b",)]
    assert [e.kind for e in commands[0].enclosures] == ["for", "function"]
    assert not commands[1].conditional
    assert commands[2].conditional, "nothing calls it"


def test_arms_that_disagree_leave_a_variable_unknown() -> None:
    assert argvs("if c; then M=x; else M=y; fi; a $M")[-1] == ("a", None)
    assert argvs("if c; then M=x; else M=x; fi; a $M")[-1] == ("a", "x")
    assert argvs('if [ -z "$M" ]; then M=x; fi; a $M')[-1] == ("a", "x")
    assert argvs('[ -z "$M" ] && M=x; a $M')[-1] == ("a", "x")
    assert argvs('M=y; if [ -z "$M" ]; then M=x; fi; a $M')[-1] == ("a", None)
    assert argvs('A="b c"; if c; then A="$A d"; fi; a $A')[-1] == ("a", "b", "c", None)
    assert argvs("(M=x); a $M")[-1] == ("a", None)
    assert argvs("i=0; while c; do a $i; i=$((i+1)); done")[-1] == ("a", None)


def test_here_documents() -> None:
    command = only("M=x\ncat > f.py <<EOF\nload('$M')\nEOF")
    assert [(r.operator, r.target.value) for r in command.redirects] == [(">", "f.py"), ("<<", "load('x')\n")]
    command = only("M=x\ncat > f.py <<'EOF'\nload('$M')\nEOF")
    assert command.redirects[-1].target.value == "load('$M')\n"
    first, last = parse("a && b - <<EOF\nc\nEOF\n").commands  # it is the last command's
    assert (first.redirects, [r.target.value for r in last.redirects]) == ((), ["c\n"])


def test_offsets_are_characters_of_the_text() -> None:
    text = "echo \"日本語 🚀\" && \\\r\n bash -c 'vllm serve 語/m'\r\n"
    commands = parse(text).commands
    assert [text[c.start : c.end] for c in commands] == ['echo "日本語 🚀"', "vllm serve 語/m"]
    assert [text[w.start : w.end] for w in commands[1].words] == ["vllm", "serve", "語/m"]


HOSTILE = {
    "substitutions": "echo " + "$(" * 5000 + "x" + ")" * 5000,
    "defaults": "echo " + "${x:-" * 5000 + "}" * 5000,
    "subshells": "(" * 5000 + "x" + ")" * 5000,
    "unclosed": "if a; then " * 2000,
    "long list": "a && " * 5000 + "a",
    "doubling text": "x=a\n" + 'x="$x$x"\n' * 60 + "a $x",
    "doubling array": "x=(a)\n" + 'x=("${x[@]}" "${x[@]}")\n' * 40,
    "doubling calls": "".join(f"f{i}() {{ f{i + 1}; f{i + 1}; }}\n" for i in range(40)) + "f0",
    "calls itself": "f() { f; a; }\nf",
    "eval of itself": 'x=\'eval "$x"\'\neval "$x"',
    "substitutions in a loop": "for f in a b; do echo " + "$(a $f " * 3000 + ")" * 3000 + "; done",
    "growing in nested loops": "for i in a b; do " * 60 + "x=$x$y; " * 20_000 + "done; " * 60,
    "calls in loops": "f() { for i in a b; do f; g; done; }; g() { for j in a b; do x=$x$j; f; done; }; f",
    "huge range": "for i in {1..999999999}; do a; done",
    "sudo": "sudo " * 5000 + "x",
    "nul": "a\0b\x01\x02c",
    "lone surrogate": "a \ud800 b",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_ends_soon_and_never_raises(text: str) -> None:
    assert isinstance(parse(text), ShellScript)


def test_what_is_left_out_is_said() -> None:
    assert parse(HOSTILE["doubling calls"]).cut
    assert parse("a\n" * 600_000).cut
    assert not parse("a\n" * 100).cut
    assert parse("if a; then").broken
    assert [c.argv for c in parse("a b\n)\nc d\n").commands][:1] == [("a", "b")]


PIECES = [
    *(
        "a",
        "-x",
        "--k=v",
        "'q r'",
        '"s t"',
        "$V",
        "${V:-d}",
        "$(c e)",
        "|",
        "&&",
        ";",
        "\n",
        "&",
        "(",
        ")",
        "{",
        "}",
    ),
    *(
        "if",
        "then",
        "fi",
        "for i in",
        "do",
        "done",
        "<<E",
        "E",
        "`",
        "'",
        '"',
        "\\",
        "=",
        "X=1",
        "é",
        "\0",
        "#",
    ),
    *(
        "bash -c",
        "function f",
        "[[",
        "]]",
        "case",
        "in",
        "esac",
        ";;",
        "$((",
        "))",
        "<(",
        "sudo",
        "docker run",
    ),
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join) | st.text(max_size=80))
def test_any_text_is_read_with_offsets_inside_it(text: str) -> None:
    for command in parse(text).commands:
        assert 0 <= command.start <= command.end <= len(text)
        for word in command.words:
            assert 0 <= word.start <= word.end <= len(text)


PLAIN = st.text(st.sampled_from("abcXYZ019-_./:=,@%+ \t'\"\\é"), min_size=1, max_size=20).filter(
    lambda w: w[0] != "="
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PLAIN, min_size=1, max_size=6))
def test_quoted_words_are_read_as_shlex_reads_them(words: list[str]) -> None:
    text = "cmd " + " ".join(shlex.quote(word) for word in words)
    assert only(text).argv == tuple(shlex.split(text))


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("ab1-_./:=,%+ '\"\\"), min_size=1, max_size=30))
def test_unquoted_words_too(body: str) -> None:
    text = "cmd x" + body
    if " \\ " in text or " \\'" in text or " =" in text:
        return  # the grammar loses a word that begins with an escaped blank, or that is only "=="
    try:
        expected = tuple(shlex.split(text))
    except ValueError:
        return
    assert only(text).argv == expected


CHANGES = {
    "for f in a b; do x $f; done": ["for"],
    "for f in a b; do x ${f%.wav} y; done": ["for"],
    "for f in one; do x $f; done": [],
    "for i in 1 2; do for j in 1 2; do x $i; done; done": ["for 1"],
    "while read -r l; do x $l; done": ["while"],
    "i=0; while true; do x $i; i=$((i+1)); done": ["while"],
    "for i in 1 2; do x $(date); done": ["for"],
    "x $(date)": [],
    "ls | xargs -I{} x {}": ["each"],
    "ls | xargs -n1 x": ["each"],
    "ls | xargs x": [],
    "go() { x $1; }; for f in a b; do go $f; done": ["for"],
    "for f in a b; do if c; then n=p-$f; else n=q; fi; x $n; done": ["for"],
    "for f in a b; do n=$f; n=fixed; x $n; done": [],
    "parallel x {} ::: a b": ["each"],
    "find . -exec x {} \\;": ["each"],
    "bash -c 'for f in a b; do x $f; done'": ["for"],
}


@pytest.mark.parametrize(("text", "loops"), CHANGES.items(), ids=CHANGES)
def test_words_say_which_loops_they_change_with(text: str, loops: list[str]) -> None:
    command = next(command for command in parse(text).commands if command.name == "x")
    found = marks(*(word.text for word in command.words))
    outermost = [loop.mark for loop in command.loops][:1]
    changing = [loop.kind for loop in command.loops if loop.mark in found]
    assert changing == [kind.split()[0] for kind in loops]
    if loops == ["for 1"]:
        assert list(found) == outermost
