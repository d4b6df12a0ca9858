"""The GS3 rules: what they say, with what numbers, and what leaves them silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpuspec.lint.files import lint_data
from gpuspec.lint.registry import Registered, Registry
from gpuspec.lint.result import Located
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Settings
from gpuspec.rules.launching.batch_one import BatchSizeOne
from gpuspec.rules.launching.per_item import PerItemLaunch
from gpuspec.rules.launching.reload import ReloadPerItem
from gpuspec.rules.launching.spec_per_item import SpecPerItem
from gpuspec.testing import RuleTester, lint_text

LOOP = "for s in {1..40}; do gpu run python work.py $s; done\n"


def test_waiting_is_items_times_start_and_load() -> None:
    options = {"startup_minutes": 4.0, "load_minutes": 2.5}
    found = RuleTester(PerItemLaunch, options=options).invalid(
        LOOP, path="a.sh", line=1, column=22, findings=1
    )
    # 40 × (4 + 2.5) = 260
    assert "each of 40 items" in found[0].finding.message
    assert (
        "about 6.5 minutes before any work (assumed: 4 for the machine, 2.5 to load the model), 260 minutes in all"
        in found[0].finding.message
    )
    assert ("waiting", "40 items × 6.5 min = 260 min") in found[0].finding.numbers


def test_the_loop_is_related() -> None:
    found = RuleTester(PerItemLaunch).findings("x=1\n" + LOOP, path="a.sh")
    place, message = found[0].related[0]
    assert (place.line, place.column) == (2, 1)
    assert message == "the loop: for s in {1..40}"


def test_price_of_the_launched_spec(tmp_path: Path) -> None:
    spec = '{"task": "batch", "gpu_types": ["RTX 4090"], "run": "python work.py"}'
    (tmp_path / "job.jsonc").write_text(spec, encoding="utf-8")
    script = "for s in a b c; do gpuspec run job.jsonc $s; done\n"
    found = lint_text(script, [PerItemLaunch], path=str(tmp_path / "a.sh"), prices="seed-2025", options={
        "startup_minutes": 3.0, "load_minutes": 2.0,
    })  # fmt: skip
    # 3 × 5 min = a quarter of an hour; an RTX 4090 of the 2025 table costs $0.44 an hour.
    assert "15 minutes in all: $0.11 at $0.44/h" in found[0].finding.message


@pytest.mark.parametrize("spec", ["../job.jsonc", "/etc/passwd.json", "missing.jsonc"])
def test_no_spec_no_price(tmp_path: Path, spec: str) -> None:
    script = f"for s in a b c; do gpuspec run {spec} $s; done\n"
    found = RuleTester(PerItemLaunch).findings(script, path=str(tmp_path / "a.sh"))
    assert len(found) == 1
    assert "$" not in found[0].finding.message.split("`")[-1]


def test_suppression_in_a_script() -> None:
    RuleTester(PerItemLaunch).valid(
        "# gpuspec: ignore[per-item-launch] they must run side by side\n" + LOOP, path="a.sh"
    )


def test_a_comment_above_a_loop_holds_for_what_is_in_it() -> None:
    script = """# gpuspec: ignore[GS301] one machine per customer is the contract
for c in acme globex; do
  for day in monday tuesday; do
    sky jobs launch -y job.yaml --env C=$c --env DAY=$day
  done
done
"""
    RuleTester(PerItemLaunch).valid(script, path="a.sh")
    RuleTester(PerItemLaunch).invalid(
        script.replace("ignore[GS301]", "ignored"), path="a.sh", line=4, column=5
    )


def folder(tmp_path: Path, *texts: str) -> list[Located]:
    paths = [tmp_path / f"{number}.gpu.jsonc" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    return asked(*paths)


def asked(*paths: Path) -> list[Located]:
    linter = Linter(Registry((Registered(SpecPerItem(), "test"),), ()))
    settings = Settings(rules={"spec-per-item": {"min_files": 3}})
    return [found for path in paths for found in lint_data(linter, str(path), path.read_bytes(), settings)]


def spec(run: str, gpu: str = "L4", task: str = "batch") -> str:
    return f'{{"name": "{run.split()[-1]}", "task": "{task}", "gpu_types": ["{gpu}"], "run": "{run}"}}'


def test_three_specs_that_differ_in_a_seed(tmp_path: Path) -> None:
    found = folder(tmp_path, *(spec(f"python train.py --seed {seed}", task="train") for seed in (1, 2, 3)))
    assert [(Path(item.path).name, item.finding.pointer) for item in found] == [("0.gpu.jsonc", "/run")]
    assert "3 specs" in found[0].finding.message


def test_a_hook_hands_over_one_file(tmp_path: Path) -> None:
    folder(tmp_path, *(spec(f"python train.py --seed {seed}", task="train") for seed in (1, 2, 3)))
    found = asked(tmp_path / "2.gpu.jsonc", tmp_path / "1.gpu.jsonc")
    assert [Path(item.path).name for item in found] == ["2.gpu.jsonc"]


@pytest.mark.parametrize(
    "texts",
    [
        [spec("python a.py --f 1"), spec("python a.py --f 2")],
        [spec("python a.py"), spec("python b.py"), spec("python c.py")],
        [spec("python a.py", "L4"), spec("python a.py", "A10"), spec("python a.py", "T4")],
        [spec(f"python a.py --model m{n}") for n in range(3)],
        [spec(f"python a.py --f {n}", task="serve") for n in range(3)],
        [spec("python a.py --f 1")] * 3,
        [spec(f"python a.py --f {n} --g {n + 5}") for n in range(3)],
    ],
    ids=["two", "scripts", "gpus", "models", "servers", "copies", "two literals"],
)
def test_other_jobs_are_no_items(tmp_path: Path, texts: list[str]) -> None:
    assert folder(tmp_path, *texts) == []


def job(run: str) -> str:
    return (
        '{"task": "batch", "gpu_types": ["L4"], "run": "'
        + run.replace('"', '\\"').replace("\n", "\\n")
        + '"}'
    )


@pytest.mark.parametrize(
    "run",
    [
        'for f in *.wav; do whisper "$f"; done',
        "while read f; do python infer.py --in $f; done < list",
        "find . -name '*.png' -exec rembg i {} {}.out \\\\;",
        "ls *.mp3 | xargs -n1 demucs",
        'one() { python3 scripts/transcribe.py "$1"; }\nfor f in $(cat list); do one "$f"; done',
        "parallel python caption.py {} ::: a b c d e",
    ],
)
def test_a_load_per_item(run: str) -> None:
    RuleTester(ReloadPerItem).invalid(job(run), at="/run", findings=1)


@pytest.mark.parametrize(
    "run",
    [
        "whisper *.wav",
        'for f in a b; do whisper "$f"; done',
        "for f in *.csv; do python convert.py $f; done",
        "for i in 0 1 2 3; do CUDA_VISIBLE_DEVICES=$i python infer.py --part $i & done; wait",
        "for i in $(seq 5); do python infer.py && break; sleep 10; done",
        "until python infer.py; do sleep 5; done",
        "for f in *.txt; do curl -s localhost:8000/generate -d @$f; done",
        "ollama serve & for m in a b c d; do ollama pull $m; done",
    ],
)
def test_no_load_per_item(run: str) -> None:
    RuleTester(ReloadPerItem).valid(job(run))


def test_image_models_may_go_one_by_one() -> None:
    model = '"model": {"id": "stabilityai/stable-diffusion-xl-base-1.0", "concurrency": 1}'
    RuleTester(BatchSizeOne).valid(
        '{"task": "batch", ' + model + ', "gpu_types": ["L4"], "run": "python x.py"}'
    )
