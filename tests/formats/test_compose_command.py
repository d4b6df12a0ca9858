"""What a service runs: its image's entry point, `entrypoint` and `command`, as compose puts them together."""

from __future__ import annotations

import pytest

from gpuspec.commands.steps import Step, read_steps
from gpuspec.formats import Document, read
from gpuspec.job import Job
from gpuspec.planning.case import Case


def service(lines: str) -> Document:
    inner = "".join(f"    {line}\n" for line in lines.splitlines())
    (document,) = read("c.yaml", f"services:\n  x:\n    gpus: all\n{inner}".encode(), guess=False)
    return document


def job(lines: str) -> Job:
    found = service(lines).job
    assert found is not None
    return found


def words(lines: str) -> list[str]:
    return [word.text for step in read_steps(job(lines)) for word in step.command.words]


VLLM = "image: vllm/vllm-openai:v0.11.0\n"


@pytest.mark.parametrize(
    ("lines", "run"),
    [
        (VLLM + "command: --model m --x 'a b'", 'vllm serve --model m --x "a b"'),
        (VLLM + "command: [--model, m, --port, 8000]", "vllm serve --model m --port 8000"),
        (VLLM + "command: |\n  --model m\n  --port 8000\n", "vllm serve --model m --port 8000"),
        (VLLM + "command: |\n  --model m \\\n  --port 8000 \\\n", "vllm serve --model m --port 8000"),
        (VLLM + "command: >\n  --model m \\\n  --port 8000\n", "vllm serve --model m --port 8000"),
        (VLLM + "command: --port=${PORT:-80}${ZERO:-0}0", "vllm serve --port=8000"),
        (VLLM + 'command: ["--utilization", 0.90]', "vllm serve --utilization 0.90"),
        (VLLM + "entrypoint: [python3, -m, app]\ncommand: [--a]", "python3 -m app --a"),
        (VLLM + "entrypoint: python3 -m app\n", "python3 -m app"),
        (VLLM + "entrypoint: []\ncommand: [nvidia-smi]", "nvidia-smi"),
        ("image: who/knows\ncommand: [bash, -c, 'vllm serve m && echo']", "vllm serve m && echo"),
        ("image: who/knows\nentrypoint: /bin/sh\ncommand: -c 'vllm serve m'", "vllm serve m"),
        ("image: who/knows\nentrypoint: [/bin/sh, -c]\ncommand: ['vllm serve $$M']", "vllm serve $M"),
        (
            'image: x\nentrypoint: [sh, -c, \'exec vllm serve "$$@"\', --]\ncommand: [--model, "a b"]',
            'exec vllm serve --model "a b"',
        ),
        ("build: .\n", None),
        ("build: .\ncommand: --model m", "--model m"),  # of what is not known
        ("image: who/knows\n", None),
        ("build: .\ncommand: python train.py", "python train.py"),
        ('image: x\ncommand: \'--a "b \\"c\\" d" e\\ f\'', '--a "b \\"c\\" d" "e f"'),
        (VLLM + "command: --model ${MODEL} ${ARGS}", "vllm serve --model ${MODEL} ${ARGS}"),
        (VLLM + "command:\n", "vllm serve"),
        (VLLM + "command: ['--model m', '--x {\"a\": 1}']", 'vllm serve --model m "--x {\\"a\\": 1}"'),
    ],
)
def test_what_runs(lines: str, run: str | None) -> None:
    assert job(lines).run == run


def test_flags_tell_the_program_of_an_image_that_is_built() -> None:
    text = "services:\n  vllm-server:\n    build: .\n    gpus: all\n"
    (document,) = read(
        "c.yaml", (text + "    command: --model m --max-model-len 8192\n").encode(), guess=False
    )
    assert document.job is not None
    assert document.job.run == "vllm serve --model m --max-model-len 8192"
    (document,) = read("c.yaml", text.encode(), guess=False)
    assert document.job is not None
    assert document.job.run is None


def test_a_variable_of_compose_is_none_of_the_container() -> None:
    lines = VLLM + "environment: {MODEL: wrong}\ncommand: --model ${MODEL} --other $$MODEL"
    assert words(lines)[2:] == ["--model", "\x01", "--other", "wrong"]


def test_the_container_s_variables_are_the_script_s() -> None:
    lines = "image: x\nenvironment: {M: Qwen/Qwen3-8B}\nentrypoint: [sh, -c, 'vllm serve $${M} --x $${N}']"
    assert words(lines) == ["vllm", "serve", "Qwen/Qwen3-8B", "--x", "\x01"]


def place_of(document: Document, step: Step, text: str) -> tuple[int, int]:
    return document.tree.position(document.tree.span(step.pointer_of(text)).start)


def steps(document: Document) -> tuple[Step, ...]:
    assert document.job is not None
    return read_steps(document.job)


def test_words_of_a_script_stand_on_their_lines() -> None:
    document = service(
        "image: x\nentrypoint:\n  - /bin/bash\n  - -c\n  - |\n    set -e\n    exec vllm serve $${M} \\\n"
        "      --max-model-len ${LENGTH:-8192}\n"
    )
    step = steps(document)[-1]
    assert place_of(document, step, "--max-model-len 8192") == (11, 11)
    assert place_of(document, step, "8192") == (11, 37)


def test_arguments_behind_a_script_stand_where_they_are_written() -> None:
    document = service(
        "image: x\nentrypoint: [sh, -c, 'vllm serve \"$$@\"', --]\ncommand:\n  - --model\n  - Qwen/Qwen3-8B\n"
    )
    (step,) = steps(document)
    assert place_of(document, step, "Qwen/Qwen3-8B") == (8, 9)


def test_a_word_that_stands_twice_is_each_time_itself() -> None:
    document = service(VLLM + "command: >\n  --seed ${SEED:-1}\n  --tp ${TP} --port 8001\n  --dp 1\n")
    (step,) = steps(document)
    assert place_of(document, step, "--port 8001") == (7, 18)
    assert place_of(document, step, "--dp 1") == (8, 7)
    assert place_of(document, step, "--seed 1") == (6, 7)


def test_a_worker_of_a_queue_works_in_batches() -> None:
    document = service("build: .\ncommand: celery -A app.core.celery worker -Q gpu --concurrency=${N:-4}")
    assert Case(document, on_disk=False).workload.task == "batch"
