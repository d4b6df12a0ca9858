"""What runs in a container, and where its parts stand."""

from __future__ import annotations

from gpuspec.commands.steps import read_steps
from gpuspec.formats.command import Argument, container_command, of_scalar, quoted, started_by_image
from gpuspec.job.from_mapping import from_mapping
from gpuspec.text.yaml_tree import read_yaml_file

TEXT = """\
image: vllm/vllm-openai:v0.11.0
args: [--model, Qwen/Qwen3-8B, --max-model-len=8192]
script: |
  set -e  # first
  vllm serve Qwen/Qwen3-8B \\
    --max-model-len 4096
folded: >-
  vllm serve
  Qwen/Qwen3-4B
"""


def test_arguments_follow_the_image_s_own_command() -> None:
    tree = read_yaml_file(TEXT).tree
    given = [Argument(text, f"/args/{n}") for n, text in enumerate(tree.value["args"])]
    found = container_command(tree, tree.value["image"], None, given, place="")
    assert found.text == "vllm serve --model Qwen/Qwen3-8B --max-model-len=8192"
    value = {"image": tree.value["image"], "run": found.text}
    job = from_mapping(value, {"/run": "/args"}, pieces={"/args": found.pieces})
    (step,) = read_steps(job)
    assert step.pointer_of("--max-model-len=8192") == "/args/2"
    assert step.pointer_of("--model Qwen/Qwen3-8B") == "/args/0"


def test_a_shell_s_script_stands_on_its_own_lines() -> None:
    tree = read_yaml_file(TEXT).tree
    script = Argument(tree.value["script"], "/script")
    words = [Argument("bash", ""), Argument("-lc", ""), script]
    found = container_command(tree, "ubuntu", words, None, place="")
    assert found.text == tree.value["script"]
    job = from_mapping({"run": found.text}, {"/run": "/script"}, pieces={"/script": found.pieces})
    step = read_steps(job)[-1]
    assert tree.position(tree.values[step.pointer].start) == (5, 3)
    assert tree.position(tree.values[step.pointer_of("--max-model-len 4096")].start) == (6, 5)


def test_folded_lines_stand_where_they_were_written() -> None:
    tree = read_yaml_file(TEXT).tree
    found = of_scalar(tree, tree.value["folded"], "/folded")
    assert tree.position(tree.values[found.pieces[-1].pointer].start) == (9, 3)


def test_an_image_is_known_without_registry_tag_and_digest() -> None:
    assert started_by_image("docker.io/vllm/vllm-openai:latest@sha256:0") == "vllm serve"
    assert started_by_image("localhost:5000/vllm") is None
    assert started_by_image(None) is None


def test_a_variable_stays_one() -> None:
    assert quoted("${MODEL:-a b}") == '"${MODEL:-a b}"'
    assert quoted('{"a": 1}') == '"{\\"a\\": 1}"'
