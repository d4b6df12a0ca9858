"""Inputs that a hostile or careless author could write: each a text of a given number of repeated things."""

# ruff: noqa: E501 - one input a line

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

SPEC = "job.gpu.jsonc"


class Input(NamedTuple):
    """`text(n)` has n of something; `size` is the n that is measured; `command` is what reads it."""

    name: str
    size: int
    text: Callable[[int], str]
    file: str = SPEC
    command: str = "lint {file}"


def spec(**fields: object) -> str:
    """A job spec with a command that starts a GPU service, and these fields."""
    return json.dumps({"run": "python train.py", "keep_alive_minutes": 5, **fields}, indent=1)


def run(text: str) -> str:
    """A job spec that runs this text."""
    return spec(run=text)


def listed(key: str, value: Callable[[int], object]) -> Callable[[int], str]:
    """A spec with a list of n values under a key."""
    return lambda n: spec(**{key: [value(i) for i in range(n)]})


def keyed(key: str, value: Callable[[int], object] = str) -> Callable[[int], str]:
    """A spec with an object of n keys under a key."""
    return lambda n: spec(**{key: {f"KEY_{i}": value(i) for i in range(n)}})


def ran(line: Callable[[int], str], before: str = "", after: str = "") -> Callable[[int], str]:
    """A spec that runs n pieces of shell."""
    return lambda n: run(before + "".join(line(i) for i in range(n)) + after)


def nested(opening: str, middle: str, closing: str) -> Callable[[int], str]:
    """A spec that runs shell nested n deep."""
    return lambda n: run(opening * n + middle + closing * n)


def members(
    line: Callable[[int], str], before: str = '{"run": "x",\n', after: str = '\n"name": "a"}'
) -> Callable[[int], str]:
    """A spec written out by hand, with n pieces in it."""
    return lambda n: before + "".join(line(i) for i in range(n)) + after


def script(
    name: str, size: int, file: str, line: Callable[[int], str], before: str = "", after: str = ""
) -> Input:
    """A script with n pieces in it."""
    return Input(name, size, lambda n: before + "".join(line(i) for i in range(n)) + after, file)


# fmt: off
TEXTS = [
    Input("duplicate keys", 6_000, members(lambda i: '"a": 1,')),
    Input("duplicate keys, in pairs", 6_000, members(lambda i: f'"a{i}": 1,\n"a{i}": 2,\n')),
    Input("duplicate keys of big objects", 6_000, members(lambda i: '"a": {"b": {"c": [1, 2, 3]}},\n')),
    Input("comments, one a line", 100_000, members(lambda i: f"// comment {i}\n")),
    Input("comments in one line", 100_000, members(lambda i: f"/* comment {i} */")),
    Input("suppressions above one line", 10_000, members(lambda i: "// gpuspec: ignore[GS101] why\n")),
    Input("suppressions, as many as are read", 20_000, members(lambda i: "// gpuspec: ignore[GS101]\n")),
    Input("suppressions, more than are read", 200_000, members(lambda i: "// gpuspec: ignore[GS101]\n")),
    Input("suppressions for the file", 10_000, members(lambda i: "// gpuspec: ignore-file[GS101] why\n")),
    Input("suppressions in one line", 10_000, members(lambda i: "/* gpuspec: ignore[GS101] */")),
    Input("suppressions, each of a line", 10_000, members(lambda i: f'"k{i}": 1, // gpuspec: ignore[GS003]\n')),
    Input("suppressions of unknown rules", 10_000, members(lambda i: f"// gpuspec: ignore[nothing-{i}] why\n")),
    Input("rules in one suppression", 10_000, members(lambda i: f"x{i}, ", '{"run": "x", // gpuspec: ignore[', "] why\n}")),
    Input("suppressions without end", 10_000, members(lambda i: "// gpuspec: ignore[GS\n")),
    Input("mistakes: no comma", 10_000, members(lambda i: f'"a{i}": 1\n')),
    Input("mistakes: no value", 10_000, members(lambda i: f'"a{i}": @\n,')),
    Input("mistakes in one line", 50_000, members(lambda i: '"a": @ ')),
    Input("garbage in one line", 1_000_000, members(lambda i: "@")),
    Input("quotes that are not closed", 50_000, members(lambda i: f'"a{i}: 1,\n')),
    Input("quotes in one line", 100_000, members(lambda i: "'")),
    Input("backslashes in a string", 500_000, members(lambda i: "\\\\", '{"run": "', '"}')),
    Input("bad escapes in a string", 4_000_000, members(lambda i: "\\q", '{"run": "', '"}')),
    Input("bad escapes between letters", 2_500_000, members(lambda i: "a\\q", '{"run": "', '"}')),
    Input("escapes of four digits", 1_000_000, members(lambda i: "a\\u0061", '{"run": "', '"}')),
    Input("brackets that open", 200_000, lambda n: "[" * n),
    Input("braces that open", 200_000, lambda n: '{"a":' * n),
    Input("brackets that close", 200_000, lambda n: '{"run": "x"' + "]" * n),
    Input("closers of the wrong kind", 100_000, members(lambda i: '"a": {"b": [1},\n')),
    Input("JSON5 names", 50_000, members(lambda i: f"a{i}: 1,\n")),
    Input("JSON5 strings", 50_000, members(lambda i: f"'a{i}': 'b',\n")),
    Input("JSON5 in one line", 50_000, members(lambda i: f"a{i}: +1, ")),
    Input("a long unquoted name", 1_000_000, members(lambda i: "a", "{", ": 1}")),
    Input("an unquoted name of escapes", 200_000, members(lambda i: "\\u0061", "{", ": 1}")),
    Input("a long number", 1_000_000, members(lambda i: "1", '{"gpu_count": ', "}")),
    Input("a long hexadecimal number", 1_000_000, members(lambda i: "f", '{"gpu_count": 0x', "}")),
    Input("odd spaces", 200_000, members(lambda i: "\u00a0\n")),
    Input("odd spaces in one line", 500_000, members(lambda i: "\u00a0 ")),
    Input("trailing commas", 50_000, members(lambda i: f'"a{i}": [1,],\n')),
    Input("text after the end", 200_000, members(lambda i: "{} ", "{}", "")),
    Input("empty lines", 2_000_000, members(lambda i: "\n")),
    Input("spaces", 4_000_000, members(lambda i: " ")),
    Input("spaces before a mistake", 1_000_000, members(lambda i: " ", '{"run": "x" ', "@}")),
    Input("slashes", 1_000_000, members(lambda i: "/", '{"run": "x", "a": ', "}")),
    Input("unknown keys", 20_000, members(lambda i: f'"keep_alive_minuts{i}": 1,\n')),
    Input("unknown keys in one line", 20_000, members(lambda i: f'"keep_alive_minuts{i}": 1,')),
    Input("unknown keys in the editor's size", 200_000, members(lambda i: f'"k{i}": 1,\n')),
    Input("unknown keys, long", 300, members(lambda i: '"' + "x" * 10_000 + f'{i}": 1,\n')),
    Input("unknown keys, below model", 20_000, keyed("model")),
    Input("wrong values", 20_000, listed("ports", lambda i: f"x{i}")),
    Input("keys of depth 100", 2_000, members(lambda i: f'"a{i}": ' + '{"b":' * 100 + "1" + "}" * 100 + ",\n")),
]

FIELDS = [
    Input("unknown GPUs", 10_000, listed("gpu_types", lambda i: f"RTX 49{i:05}")),
    Input("unknown GPUs, alike", 10_000, listed("gpu_types", lambda i: "RTX 4091")),
    Input("unknown GPUs, long", 1_000, listed("gpu_types", lambda i: f"RTX {i} " + "x" * 5_000)),
    Input("unknown GPUs of TPU names", 10_000, listed("gpu_types", lambda i: f"tpu-{i}")),
    Input("ambiguous GPUs", 10_000, listed("gpu_types", lambda i: f"A100:{i % 8 + 1}")),
    Input("known GPUs", 10_000, listed("gpu_types", lambda i: "RTX 4090")),
    Input("known GPUs, in different numbers", 10_000, listed("gpu_types", lambda i: {"type": "RTX 4090", "count": i + 1})),
    Input("known GPUs with a model", 10_000, lambda n: spec(gpu_types=[{"type": "H100 SXM", "count": i + 1} for i in range(n)], model={"id": "meta-llama/Llama-3.1-70B-Instruct"}, task="serve")),
    Input("downloads of models", 10_000, listed("downloads", lambda i: {"strategy": "hf", "source": f"org/name-{i}"})),
    Input("downloads of one model", 10_000, listed("downloads", lambda i: {"strategy": "hf", "source": "meta-llama/Llama-3.1-8B-Instruct"})),
    Input("downloads of addresses", 10_000, listed("downloads", lambda i: {"strategy": "http", "source": f"http://example.com/{i}"})),
    Input("downloads of unknown strategy", 10_000, listed("downloads", lambda i: {"strategy": f"huggingfac{i}", "source": "x"})),
    Input("downloads with patterns", 3_000, listed("downloads", lambda i: {"strategy": "hf", "source": f"o/n{i}", "allow": ["*.bin"] * 20, "timeout": 1})),
    Input("downloads that the command uses", 5_000, lambda n: spec(run="\n".join(f"vllm serve org/name-{i} --port {i}" for i in range(n)), downloads=[{"strategy": "hf", "source": f"org/name-{i}"} for i in range(n)])),
    Input("setup", 30_000, listed("setup", lambda i: "pip install x")),
    Input("setup, each another", 30_000, listed("setup", lambda i: f"pip install package{i}")),
    Input("setup that downloads", 10_000, listed("setup", lambda i: f"huggingface-cli download org/name-{i}")),
    Input("setup of variables", 20_000, listed("setup", lambda i: f"export A{i}=1")),
    Input("setup of scripts", 20_000, listed("setup", lambda i: f"bash script{i}.sh")),
    Input("setup of long lines", 200, listed("setup", lambda i: "echo " + "a " * 10_000)),
    Input("environment", 50_000, keyed("env")),
    Input("environment of secrets", 20_000, keyed("env", lambda i: f"hf_{i:05}abcdefghijklmnopqrstuvwxyzABC")),
    Input("environment and commands", 2_000, lambda n: spec(env={f"A{i}": str(i) for i in range(n)}, setup=[f"echo $A{i}" for i in range(n)])),
    Input("secrets", 20_000, listed("secrets", lambda i: f"SECRET_{i}")),
    Input("labels", 20_000, keyed("labels")),
    Input("outputs", 20_000, listed("outputs", lambda i: f"results{i}/")),
    Input("outputs of stars", 5_000, listed("outputs", lambda i: "**/*" * 20 + str(i))),
    Input("outputs and what is left out", 10_000, lambda n: spec(outputs=[f"a{i}/" for i in range(n)], exclude_outputs=[f"a{i}/*.txt" for i in range(n)])),
    Input("items", 100_000, listed("items", lambda i: f"item-{i}.wav")),
    Input("include", 20_000, listed("include", lambda i: f"a{i}/**")),
    Input("ports", 20_000, listed("ports", lambda i: i + 1)),
    Input("regions", 20_000, listed("regions", lambda i: f"us-east-{i}")),
    Input("clouds", 20_000, listed("clouds", lambda i: f"cloud{i}")),
    Input("a readiness command", 100_000, lambda n: spec(readiness={"command": ["x"] * n})),
    Input("a long name", 1_000_000, lambda n: spec(name="n" * n)),
    Input("a long GPU", 1_000_000, lambda n: spec(gpu_types=["RTX " + "4" * n])),
    Input("a long model", 1_000_000, lambda n: spec(model="a/" + "7b-" * (n // 3))),
    Input("a long model of digits", 1_000_000, lambda n: spec(model="a/" + "7" * n)),
    Input("a long address", 1_000_000, lambda n: spec(downloads=[{"strategy": "http", "source": "http://" + "a" * n}])),
    Input("a long path of folders", 200_000, lambda n: spec(outputs=["a/" * n], workdir="b/" * n)),
    Input("a long image", 1_000_000, lambda n: spec(image="a/" * (n // 2))),
    Input("a long cloud", 1_000_000, lambda n: spec(clouds=["a" * n], provider="b" * n)),
    Input("a long strategy", 1_000_000, lambda n: spec(downloads=[{"strategy": "a" * n, "source": "x"}])),
    Input("a long secret", 1_000_000, lambda n: spec(env={"API_KEY": "a1" * (n // 2), "TOKEN": "sk-" + "b2" * (n // 2)})),
    Input("near-secrets", 100_000, lambda n: spec(env={"X": "API_KEY_" * n + "-----BEGIN A " * n})),
    Input("near-secrets with equals", 100_000, lambda n: spec(env={"X": "TOKEN=a " * n})),
    Input("keys that begin", 50_000, lambda n: spec(env={"X": "-----BEGIN A PRIVATE KEY-----" * n})),
    Input("tokens", 20_000, lambda n: spec(env={"X": " ".join(f"hf_{i:05}abcdefghijklmnopqrstuvwxyzABC" for i in range(n))})),
]

COMMANDS = [
    Input("flags", 40_000, ran(lambda i: f" --flag{i} {i}", "vllm serve org/name-7b")),
    Input("flags of one name", 40_000, ran(lambda i: f" --max-model-len {i}", "vllm serve org/name-7b")),
    Input("flags of python", 40_000, ran(lambda i: f" --flag{i}={i}", "python train.py")),
    Input("words", 700_000, ran(lambda i: f" word{i % 1000}", "python train.py")),
    Input("one long word", 7_000_000, lambda n: run("python " + "a" * n)),
    Input("one long quoted word", 7_000_000, lambda n: run("python '" + "a " * (n // 2) + "'")),
    Input("lines", 500_000, ran(lambda i: "echo hello\n")),
    Input("lines, short", 2_000_000, ran(lambda i: "a\n")),
    Input("lines that hold tokens", 150_000, ran(lambda i: f"hf_{i:06}abcdefghijklmnopqrstuvwxyzABC\n")),
    Input("lines, 7 MB of python", 300_000, ran(lambda i: f"python a.py --x {i}\n")),
    Input("pipes without end", 16_000, ran(lambda i: "a|")),
    Input("pipes", 16_000, ran(lambda i: "a|", after="b")),
    Input("ands", 16_000, ran(lambda i: "a&&", after="b")),
    Input("ands without end", 16_000, ran(lambda i: "a &&")),
    Input("ors", 16_000, ran(lambda i: "a||", after="b")),
    Input("semicolons", 100_000, ran(lambda i: ";")),
    Input("ands, bare", 100_000, ran(lambda i: "&")),
    Input("backgrounds", 50_000, ran(lambda i: "a& ")),
    Input("negations", 50_000, ran(lambda i: "! ", after="a")),
    Input("parentheses", 50_000, nested("(", "a", ")")),
    Input("parentheses that open", 50_000, nested("(", "a", "")),
    Input("parentheses that close", 50_000, nested("", "a", ")")),
    Input("braces", 50_000, nested("{ ", "a;", "};")),
    Input("braces that open", 50_000, nested("{ ", "a", "")),
    Input("substitutions", 20_000, nested("$(a ", "b", ")")),
    Input("substitutions that open", 50_000, nested("$(", "b", "")),
    Input("backquotes", 50_000, nested("`a ", "b", "")),
    Input("expansions", 20_000, nested("${a:-", "b", "}")),
    Input("expansions that open", 50_000, nested("${a:-", "b", "")),
    Input("sums", 20_000, nested("$((1+", "1", "))")),
    Input("sums that open", 50_000, nested("$((", "1", "")),
    Input("a long sum", 100_000, lambda n: run("echo $((" + "1+" * n + "1))")),
    Input("a long test", 50_000, lambda n: run("[[ " + "a == b && " * n + "c ]] && python x")),
    Input("ifs", 20_000, nested("if true; then ", "a", "; fi")),
    Input("ifs that open", 20_000, nested("if a; then ", "a", "")),
    Input("elifs", 20_000, ran(lambda i: f"elif [ $A = {i} ]; then B={i}\n", "if a; then b\n", "fi\npython x $B")),
    Input("loops", 20_000, nested("for i in a b; do ", "a $i", "; done")),
    Input("loops, one after another", 20_000, ran(lambda i: f"for i{i} in a b; do python x.py $i{i}; done\n")),
    Input("cases", 20_000, ran(lambda i: f"a{i}) b;;\n", "case $x in\n", "esac\n")),
    Input("cases that set", 10_000, ran(lambda i: f"a{i}) V{i}=b;;\n", "case $x in\n", "esac\npython x")),
    Input("quotes that open", 50_000, ran(lambda i: "\"'")),
    Input("double quotes", 100_000, ran(lambda i: '"')),
    Input("single quotes", 100_000, ran(lambda i: "'")),
    Input("strings in substitutions", 20_000, nested('"$(a ', "b", ')"')),
    Input("backslashes", 100_000, ran(lambda i: "\\\n")),
    Input("backslashes in a word", 1_000_000, ran(lambda i: "\\")),
    Input("dollars", 100_000, ran(lambda i: "$")),
    Input("variables used", 100_000, ran(lambda i: "$A ", "A=1; echo ")),
    Input("variables that grow", 20_000, ran(lambda i: "A=$A$A\n", "A=aa\n")),
    Input("variables added to", 50_000, ran(lambda i: "A+=' word'\n", "A=aa\n", "python x.py $A")),
    Input("variables", 20_000, ran(lambda i: f"A{i}=1\n")),
    Input("variables, exported", 20_000, ran(lambda i: f"export A{i}=1\n", after="python x.py")),
    Input("variables, exported, and commands", 5_000, ran(lambda i: f"export A{i}=1\npython x.py\n")),
    Input("variables and branches", 3_000, ran(lambda i: f"A{i}=1; if a; then B{i}=1; else B{i}=2; fi\n")),
    Input("assignments before a command", 20_000, ran(lambda i: f"A{i}=1 ", after="python x.py")),
    Input("arrays", 20_000, ran(lambda i: f"a{i} ", "A=(", ")\npython x.py ${A[@]}")),
    Input("arrays that are used", 5_000, ran(lambda i: 'python x.py "${A[@]}"\n', "A=(" + "a " * 2_000 + ")\n")),
    Input("aliases", 20_000, ran(lambda i: f"alias a{i}='b c'\n")),
    Input("aliases in one command", 20_000, ran(lambda i: f"a{i}='b c' ", "alias ")),
    Input("functions", 10_000, ran(lambda i: f"f{i}() {{ python x.py; }}\n")),
    Input("functions that are called", 5_000, ran(lambda i: f"f{i}() {{ f{i + 1}; f{i + 1}; }}\n", after="f0")),
    Input("functions of one name", 10_000, ran(lambda i: "f() { python x.py; }; f\n")),
    Input("here-documents", 5_000, ran(lambda i: f"cat <<E{i}\ntext\nE{i}\n")),
    Input("here-documents of one line", 2_000, ran(lambda i: f"<<E{i} ", "cat ", "\n")),
    Input("here-documents without end", 5_000, ran(lambda i: "cat <<E\n")),
    Input("a huge here-document", 200_000, ran(lambda i: f"line {i} $A\n", "cat > x.py <<EOF\n", "EOF\npython x.py\n")),
    Input("here-documents that write files", 5_000, ran(lambda i: f"cat > f{i}.py <<'E'\nprint({i})\nE\npython f{i}.py\n")),
    Input("files that are run again", 5_000, ran(lambda i: "python f.py\n", "cat > f.py <<'E'\n" + "import torch\nx(1)\n" * 500 + "E\n")),
    Input("redirections", 20_000, ran(lambda i: f"> f{i} ", "cat ")),
    Input("items in one line", 500_000, lambda n: spec(items=["a b", "c'd"], run="echo " + "{item} " * n)),
    Input("items in shells", 20_000, lambda n: spec(items=["a"] * 50_000, run='bash -c "' + '\\"{item}' * n + '"')),
    Input("items in files", 15_000, lambda n: spec(items=["a b", "c'd"], run="python a.py {item} > out{item}.txt\n" * n)),
    Input("items in comments", 100_000, lambda n: spec(items=["a"], run="# {item}\n" * n)),
    Input("keys of hydra", 10_000, lambda n: run("python -m verl.trainer.main_ppo " + "a." * n + "model.path=x/y-7b" + "".join(f" a.b{i}.model.path=x/y{i}-7b" for i in range(n)))),
    Input("powers", 5_000, ran(lambda i: "vllm serve a/b-7b --port $((10**10**10))\n")),
    Input("sleeps", 20_000, ran(lambda i: "sleep 1 &\n", after="sleep infinity")),
    Input("servers' ports", 3_000, lambda n: spec(task="serve", ports=list(range(1, 60)), run="".join(f"vllm serve a/b-7b --host 127.0.0.1 --port {i} &\n" for i in range(n)) + "wait")),
    Input("files that commands name", 10_000, ran(lambda i: f"pip install -r r{i}.txt\n")),
    Input("globs", 20_000, ran(lambda i: " **/*[a-z]*", "python x.py")),
    Input("ranges", 5_000, ran(lambda i: " {1..1000000}", "echo")),
    Input("sequences", 5_000, ran(lambda i: " $(seq 1000000)", "echo")),
    Input("folders", 20_000, ran(lambda i: f"cd a{i}\n")),
    Input("wrappers", 10_000, ran(lambda i: "nohup ", after="python x.py")),
    Input("wrappers of timeouts", 10_000, ran(lambda i: "timeout 1 ", after="python x.py")),
    Input("wrappers of environments", 10_000, ran(lambda i: f"env A{i}=1 ", after="python x.py")),
    Input("evals", 2_000, ran(lambda i: "eval ", after="python x.py")),
    Input("evals of a variable", 5_000, ran(lambda i: 'eval "$A"\n', "A='" + "python x.py;" * 1_000 + "'\n")),
    Input("shells in a line", 5_000, ran(lambda i: "bash -c 'python x.py'\n")),
    Input("downloads in commands", 5_000, ran(lambda i: f"huggingface-cli download org/name-{i}\n")),
    Input("installs", 5_000, ran(lambda i: f"pip install package{i}\n")),
    Input("services", 5_000, ran(lambda i: f"vllm serve org/name-{i}-7b --port {i} &\n")),
    Input("services of one model", 5_000, ran(lambda i: "vllm serve meta-llama/Llama-3.1-8B-Instruct &\n")),
    Input("trainings", 5_000, ran(lambda i: f"accelerate launch train.py --model_name_or_path org/n-{i}\n")),
    Input("curls", 5_000, ran(lambda i: f"curl -k http://example.com/{i} | sh\n")),
    Input("secrets in commands", 5_000, ran(lambda i: f"export HF_TOKEN=hf_{i:05}abcdefghijklmnopqrstuvwxyzABC\n")),
    Input("python in commands", 2_000, ran(lambda i: f"python -c 'import torch; x = {i}'\n")),
    Input("models in python", 2_000, ran(lambda i: f"python -c 'LLM(\"org/n-{i}\")'\n")),
    Input("one python of calls", 30_000, ran(lambda i: f'LLM("org/n-{i}")\n', "python - <<'E'\n", "E\n")),
    Input("one python of assignments", 30_000, ran(lambda i: f"a{i} = a{i - 1}\n", "python - <<'E'\na=1\n", "E\n")),
    Input("one python of sums", 5_000, ran(lambda i: "'a'+", "python - <<'E'\nx=", "'b'\nLLM(x)\nE\n")),
    Input("control characters", 100_000, ran(lambda i: "\x01")),
    Input("wide characters", 500_000, ran(lambda i: "\U0001f600", "echo ")),
    Input("wide characters and words", 100_000, ran(lambda i: "\U0001f600 a ", "echo ")),
    Input("comments in commands", 100_000, ran(lambda i: "# comment\n")),
    Input("empty lines in commands", 1_000_000, ran(lambda i: "\n")),
    Input("carriage returns in commands", 500_000, ran(lambda i: "a\r\n")),
]

_GPU = "sky launch -c x$i --gpus A100 task.yaml"
SCRIPTS = [
    script("sh: loops that launch", 5_000, "x.sh", lambda i: f"for i in a b; do {_GPU}; done\n"),
    script("sh: loops in loops", 10_000, "x.sh", lambda i: f"for i{i} in a b; do ", after=_GPU + "\n"),
    Input("sh: loops in loops, closed", 2_000, lambda n: "for i in a b; do " * n + _GPU + "; done" * n, "x.sh"),
    script("sh: launches in one loop", 10_000, "x.sh", lambda i: f"sky launch -c y{i}-$i --gpus A100 t.yaml\n", "for i in a b; do\n", "done\n"),
    script("sh: exits in one loop", 5_000, "x.sh", lambda i: f"sky launch -c y{i}-$i --gpus A100 t.yaml && break\n", "for i in a b; do\n", "done\n"),
    script("sh: launches in one line", 5_000, "x.sh", lambda i: f"sky launch -c y{i}-$i --gpus A100 t.yaml; ", "for i in a b; do ", "done\n"),
    script("sh: pipes", 16_000, "x.sh", lambda i: "a|", "for i in a; do sky launch; done\n"),
    script("sh: while read", 5_000, "x.sh", lambda i: f"while read i; do {_GPU}; done < f\n"),
    script("sh: ifs in a loop", 5_000, "x.sh", lambda i: f"if [ $i = {i} ]; then {_GPU}; fi\n", "for i in a b; do\n", "done\n"),
    script("sh: functions", 5_000, "x.sh", lambda i: f"f{i}() {{ sky launch -c $1 --gpus A100; }}\nfor i in a b; do f{i} $i; done\n"),
    script("sh: functions that call", 5_000, "x.sh", lambda i: f"f{i}() {{ f{i + 1} $1; f{i + 1} $1; }}\n", "for i in a b; do f0 $i; done\n"),
    script("sh: variables in a loop", 5_000, "x.sh", lambda i: f"A{i}=$A{i - 1}$i\n", "for i in a b; do\n", _GPU + "\ndone\n"),
    script("sh: comments", 30_000, "x.sh", lambda i: "# gpuspec: ignore[GS501]\n", after=f"for i in a b; do {_GPU}; done\n"),
    script("sh: long lines", 1_000_000, "x.sh", lambda i: "a", "for i in a b; do sky launch ", "; done"),
    script("sh: launches without a loop", 5_000, "x.sh", lambda i: f"sky launch -c y{i} --gpus A100 t{i}.yaml\n"),
    script("sh: launches of one kind", 5_000, "x.sh", lambda i: f"sky launch -c y{i} --gpus A100 t.yaml\n"),
    script("sh: sourced files", 5_000, "x.sh", lambda i: f"source u{i}.sh\nf{i} a\n", after=_GPU),
    script("sh: programs of the repository", 5_000, "x.sh", lambda i: f"for i in a b; do ./run{i}.sh $i; done\n", after=_GPU),
    script("sh: xargs", 5_000, "x.sh", lambda i: "cat f | xargs -I{} sky launch -c {} --gpus A100\n"),
    script("sh: suppressions", 100_000, "x.sh", lambda i: "# gpuspec: ignore[GS501]\n"),
    script("sh: 8 MB without a launch", 800_000, "x.sh", lambda i: "array vms\n"),
    script("sh: no launch", 50_000, "x.sh", lambda i: "echo gpu run\n"),
    script("sbatch: directives", 20_000, "x.sh", lambda i: f"#SBATCH --gres=gpu:l4:{i}\n", "#!/bin/sh\n"),
    script("sbatch: gres", 20_000, "x.sh", lambda i: "gpu:l4:1,", "#!/bin/sh\n#SBATCH --gres=", "\nvllm\n"),
    script("sbatch: commands", 5_000, "x.sh", lambda i: f"echo a{i} b\n", "#!/bin/sh\n#SBATCH --gres=gpu:1\n"),
    script("sbatch: here-documents", 2_000, "x.sh", lambda i: "sbatch <<EOF\n#SBATCH --gres=gpu:1\npython a.py\nEOF\n", "#!/bin/sh\n"),
    script("modal: functions", 1_000, "x.py", lambda i: f"@app.function(gpu='T4')\ndef f{i}(): subprocess.run(['vllm', 'serve', 'a/b{i}'])\n", "import modal\n"),
    script("modal: constants of constants", 2_000, "x.py", lambda i: f"x{i + 1} = f'{{x{i}}}{{x{i}}}'\n", "import modal\nx0 = 'a'\n", "@app.function(gpu=x9)\ndef f(): os.system(x9)\n"),
    script("modal: a chain", 500, "x.py", lambda i: f".pip_install('a{i}')", "import modal\ni = modal.Image.debian_slim()", "\n@app.function(gpu='T4', image=i)\ndef f(): pass\n"),
    script("modal: lists that grow", 2_000, "x.py", lambda i: "    x += x\n", "import modal\n@app.function(gpu='T4')\ndef f():\n    x = ['a']\n", "    subprocess.run(x)\n"),
    script("py: loops that launch", 5_000, "x.py", lambda i: "for i in a:\n    sky.launch(t, cluster_name=i)\n", "import sky\n"),
    Input("py: loops in loops", 90, lambda n: "import sky\n" + "".join(" " * i + f"for i{i} in a:\n" for i in range(n)) + " " * n + "sky.launch(t, cluster_name=i1)\n", "x.py"),
    script("py: launches in one loop", 5_000, "x.py", lambda i: f"    sky.launch(t{i}, cluster_name=i)\n", "import sky\nfor i in a:\n"),
    script("py: functions", 5_000, "x.py", lambda i: f"def f{i}(a):\n    f{i + 1}(a)\n    f{i + 1}(a)\n", "import sky\n", "for i in a: f0(i)\n# sky.launch\n"),
    script("py: functions that launch", 3_000, "x.py", lambda i: f"def f{i}(a):\n    sky.launch(a, cluster_name=a)\nfor i in b: f{i}(i)\n", "import sky\n"),
    script("py: assignments", 20_000, "x.py", lambda i: f"a{i} = a{i - 1}\n", "import sky\n", "for i in b: sky.launch(i, cluster_name=i)\n"),
    script("py: assignments in a loop", 5_000, "x.py", lambda i: f"    a{i} = a{i - 1} + i\n", "import sky\nfor i in b:\n", "    sky.launch(i, cluster_name=i)\n"),
    script("py: a long sum", 10_000, "x.py", lambda i: "'a' + ", "import sky\nx = ", "'b'\nfor i in b: sky.launch(i, cluster_name=x)\n"),
    script("py: formats", 3_000, "x.py", lambda i: "{i}%s", "import sky, os\nfor i in b: os.system('sky launch ' + f'", "' % i)\n"),
    script("py: a long list", 50_000, "x.py", lambda i: f"'a{i}', ", "import sky\nfor i in [", "]: sky.launch(i, cluster_name=i)\n"),
    script("py: attributes", 20_000, "x.py", lambda i: ".a", "import sky\nfor i in b", ": sky.launch(i, cluster_name=i)\n"),
    script("py: calls of calls", 90, "x.py", lambda i: "f(", "import sky\nfor i in b: sky.launch(", "i" + ")" * 91),
    script("py: commands", 3_000, "x.py", lambda i: f"    os.system(f'sky launch -c {{i}} --gpus A100 {i}')\n", "import os\nfor i in b:\n"),
    script("py: ifs", 3_000, "x.py", lambda i: f"    if i == {i}: sky.launch(i, cluster_name=i)\n", "import sky\nfor i in b:\n"),
    script("py: tries", 3_000, "x.py", lambda i: "    try:\n        sky.launch(i, cluster_name=i)\n        break\n    except E: pass\n", "import sky\nfor i in b:\n"),
    script("make: rules of two targets", 2_000, "Makefile", lambda i: f"a{i} b{i}: c{i}\n\tsky launch -c $@ --gpus A100\n"),
    script("make: rules of patterns", 2_000, "Makefile", lambda i: f"a{i}-% b{i}-%: c{i}\n\tsky launch -c $@ --gpus A100\n"),
    script("make: prerequisites", 5_000, "Makefile", lambda i: f"a{i} ", "x-%:\n\tsky launch -c $@ --gpus A100\nall: ", "\n"),
    script("make: lines of one recipe", 5_000, "Makefile", lambda i: "\tsky launch -c $@ --gpus A100\n", "a b: c\n"),
    script("make: variables", 5_000, "Makefile", lambda i: f"A{i} = $(A{i - 1}) $(A{i - 1})\n", "A0=a\n", "a b:\n\tsky launch -c $@ --gpus A100\n"),
    script("make: variables added to", 5_000, "Makefile", lambda i: f"A += a{i}\n", "", "a b:\n\tsky launch -c $@ --gpus A100\nall: $(A)"),
    script("make: references", 5_000, "Makefile", lambda i: "$(A)", "A=a\na b:\n\tsky launch -c $@ --gpus A100 ", "\n"),
    script("make: continuations", 100_000, "Makefile", lambda i: "\\\n", "A = ", "\nall:\n\tsky launch\n"),
    script("make: foreach", 2_000, "Makefile", lambda i: "\t$(foreach i,a b,sky launch -c $(i) --gpus A100;)\n", "all:\n"),
    script("make: foreach that opens", 20_000, "Makefile", lambda i: "$(foreach i,(", "all:\n\tsky launch ", "\n"),
    script("make: percents", 300, "Makefile", lambda i: "%", "all: b\n", ": x\n\tsky launch --gpus A100\n"),
    script("make: spaces", 200_000, "Makefile", lambda i: " ", "a", "b\n\tsky launch --gpus A100\n"),
    script("yml: jobs", 2_000, ".github/workflows/x.yml", lambda i: f" j{i}:\n  strategy:\n   matrix:\n    a: [1, 2]\n  steps:\n   - run: sky launch -c ${{{{ matrix.a }}}} --gpus A100\n", "jobs:\n"),
    script("yml: steps", 5_000, ".github/workflows/x.yml", lambda i: "   - run: sky launch -c ${{ matrix.a }} --gpus A100\n", "jobs:\n j:\n  strategy:\n   matrix:\n    a: [1, 2]\n  steps:\n"),
    script("yml: axes", 2_000, ".github/workflows/x.yml", lambda i: f"    a{i}: [1, 2]\n", "jobs:\n j:\n  strategy:\n   matrix:\n", "  steps:\n   - run: sky launch -c ${{ matrix.a1 }} --gpus A100\n"),
    Input("yml: axes and steps", 1_000, lambda n: "jobs:\n j:\n  strategy:\n   matrix:\n" + "".join(f"    a{i}: [1, 2]\n" for i in range(n)) + "  steps:\n" + "   - run: sky launch -c ${{ matrix.a1 }} --gpus A100\n" * n, ".github/workflows/x.yml"),
    script("yml: environment", 3_000, ".github/workflows/x.yml", lambda i: f"   A{i}: ${{{{ matrix.a }}}}\n", "jobs:\n j:\n  strategy:\n   matrix:\n    a: [1, 2]\n  env:\n", "  steps:\n   - run: sky launch -c $A1 --gpus A100\n"),
    Input("yml: depth", 3_000, lambda n: "".join(" " * i + f"a{i}:\n" for i in range(n)) + "# sky launch\n", ".github/workflows/x.yml"),
    script("yml: brackets", 50_000, ".github/workflows/x.yml", lambda i: "[", "jobs: ", "# sky launch\n"),
    script("json: scripts", 5_000, "package.json", lambda i: f'"a{i}": "for i in a b; do sky launch -c $i --gpus A100; done",\n', '{"scripts": {', '"b": "c"}}'),
]

FIX = "lint --fix --unsafe-fixes {file}"
OTHERS = [
    *(
        Input(f"{kind}: findings on one line", 5_000, members(lambda i: f"a{i}: +1, "), command=f"lint --format {kind} {{file}}")
        for kind in ("concise", "json", "sarif", "github", "gitlab", "junit", "markdown")
    ),
    Input("fix: JSON5", 5_000, members(lambda i: f"a{i}: 1,\n"), command=FIX),
    Input("fix: suppressions", 5_000, members(lambda i: "// gpuspec: ignore[GS101] why\n"), command=FIX),
    Input("fix: unknown GPUs", 100, listed("gpu_types", lambda i: f"RTX 409{i % 10}"), command=FIX),
    Input("fix: wrong values", 500, listed("ports", lambda i: str(i + 1)), command=FIX),
    Input("fix: unknown keys", 300, members(lambda i: f'"keep_alive_minuts{i}": 1,\n'), command=FIX),
]
# fmt: on

# fmt: off
COMPOSE = [
    script("compose: services", 500, "c.yaml", lambda i: f"  s{i}: {{image: 'vllm/vllm-openai:v1', gpus: all}}\n", "services:\n"),
    script("compose: services without GPUs", 15_000, "c.yaml", lambda i: f"  s{i}: {{image: x, deploy: {{}}}}\n", "services:\n  a: {image: gpu}\n"),
    script("compose: a chain of extends", 2_000, "c.yaml", lambda i: f"  s{i + 1}: {{extends: s{i}, gpus: all}}\n", "services:\n  s0: {image: x}\n"),
    script("compose: variables in a command", 10_000, "c.yaml", lambda i: f"      --f{i} ${{A{i}:-b}}\n", "services:\n  a:\n    gpus: all\n    command: >\n"),
    script("compose: defaults in defaults", 100_000, "c.yaml", lambda i: "${A:-", "services:\n  a:\n    gpus: all\n    command: '", "'\n"),
    script("compose: arguments of a script", 2_000, "c.yaml", lambda i: "a, ", "services:\n  a:\n    gpus: all\n    entrypoint: [sh, -c, '" + '"$$@" ' * 500 + "', --]\n    command: [", "]\n"),
]
_POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n  - name: c\n    image: vllm/vllm-openai:v1\n    args: [--model, a/b]\n    resources: {limits: {nvidia.com/gpu: 1}}\n"
YAML = [
    script("kubernetes: documents", 300, "p.yaml", lambda i: _POD + "---\n"),
    script("kubernetes: documents without GPUs", 20_000, "p.yaml", lambda i: "---\na: 1\n", _POD),
    script("kubernetes: containers", 300, "p.yaml", lambda i: f"  - {{name: c{i}, image: vllm/vllm-openai, resources: {{limits: {{nvidia.com/gpu: 1}}}}}}\n", _POD),
    script("kubernetes: doubled variables", 60, "p.yaml", lambda i: f"    - {{name: A{i + 1}, value: '$(A{i})$(A{i})'}}\n", _POD + "    command: [$(A60)]\n    env:\n    - {name: A0, value: xxxxxxxx}\n"),
    script("kubernetes: serveConfigV2", 5_000, "p.yaml", lambda i: f"    - {{name: a{i}, args: {{llm_configs: [{{accelerator_type: A100}}]}}}}\n", "apiVersion: ray.io/v1\nkind: RayService\nspec:\n  serveConfigV2: |\n    applications:\n"),
    script("skypilot: documents", 300, "s.yaml", lambda i: "resources: {accelerators: A100}\nrun: python train.py\n---\n"),
    script("dstack: documents", 300, "d.yaml", lambda i: "type: task\ncommands: [python train.py]\nresources: {gpu: A100}\n---\n"),
    script("dstack: parts of a GPU", 50_000, "d.yaml", lambda i: "gpu:", "type: task\ncommands: [x]\nresources: {gpu: '", "'}\n"),
    script("yaml: a long key of many values", 20_000, "p.yaml", lambda i: "1,", _POD + "? " + "k" * 2_000_000 + "\n: [", "]\n"),
    script("yaml: ten megabytes", 10_000_000, "p.yaml", lambda i: "y", _POD + "x: "),
    script("yaml: the same key", 20_000, "p.yaml", lambda i: f"x: {i}\n", _POD),
]
# fmt: on

INPUTS = (*TEXTS, *FIELDS, *COMMANDS, *SCRIPTS, *COMPOSE, *YAML, *OTHERS)
