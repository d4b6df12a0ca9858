"""`gpuspec lint` as people call it: exit status, streams, files. Runs the command in this process."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gpuspec.__main__ import main

CLEAN = '{ "run": "python x.py" }\n'
TWICE = '{ "run": "python x.py", "run": "python y.py" }\n'
QUOTES = "{ 'run': \"python x.py\" }\n"
GS0 = ["--select", "GS001,GS002,GS003,GS007,GS008,GS009"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (("clean", CLEAN), ("twice", TWICE), ("quotes", QUOTES)):
        (tmp_path / f"{name}.gpu.jsonc").write_text(text)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


class Ran:
    """What a command did."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


@pytest.fixture
def lint(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]):
    def run(*arguments: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "argv", ["gpuspec", "lint", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        status = main()
        out, err = capfdbinary.readouterr()
        return Ran(status, out.decode(), err.decode())

    return run


def test_exit_status(lint) -> None:
    assert lint(*GS0, "clean.gpu.jsonc").status == 0
    assert lint(*GS0, "twice.gpu.jsonc").status == 1
    assert lint(*GS0, "--fail-on", "error", "quotes.gpu.jsonc").status == 0
    assert lint(*GS0, "quotes.gpu.jsonc").status == 1
    assert lint("--nonsense").status == 2
    assert lint("--select", "GS99", "clean.gpu.jsonc").status == 2


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("nowhere.gpu.jsonc", "no-such-file"),
        ("empty", "no-specs"),
        ("binary.gpu.jsonc", "binary-file"),
        ("large.gpu.jsonc", "file-too-large"),
        ("compose.yml", "unsupported-file"),
    ],
)
def test_what_cannot_be_linted(lint, here: Path, path: str, code: str) -> None:
    (here / "empty").mkdir()
    (here / "binary.gpu.jsonc").write_bytes(b"\x7fELF\x00\x01")
    (here / "compose.yml").write_text("a: 1\n")
    with open(here / "large.gpu.jsonc", "wb") as file:
        file.truncate(51 * 1024 * 1024)
    ran = lint(*GS0, path, "twice.gpu.jsonc", "--format", "concise")
    assert ran.status == 2
    assert f"error[{code}]: {path} " in ran.err
    assert "GS002" in ran.out  # the others are linted all the same


def test_a_folder_of_launch_scripts_is_told_of_the_option(lint, here: Path) -> None:
    (here / "scripts").mkdir()
    (here / "scripts/all.sh").write_text('for f in *.wav; do sky launch -y job.yaml --env "F=$f"; done\n')
    assert "`--scripts` looks at scripts" in " ".join(lint("scripts").err.split())
    ran = lint("--scripts", "scripts")
    assert "GS301" in ran.out
    assert "--scripts" not in ran.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable(lint, here: Path) -> None:
    (here / "clean.gpu.jsonc").chmod(0)
    ran = lint("clean.gpu.jsonc")
    assert (ran.status, "unreadable-file" in ran.err) == (2, True)


def test_a_folder(lint) -> None:
    ran = lint(*GS0, "--format", "concise")
    assert [line.split(":")[0] for line in ran.out.splitlines()] == ["quotes.gpu.jsonc", "twice.gpu.jsonc"]


def test_with_and_without_options_say_the_same(lint, here: Path) -> None:
    (here / "gpuspec.toml").write_text('select = ["GS002", "GS007"]\n')
    fast, slow = lint("twice.gpu.jsonc"), lint("twice.gpu.jsonc", "--format", "text")
    assert fast.out == slow.out
    assert fast.status == slow.status == 1
    assert "GS002" in fast.out


def test_standard_input_equals_the_file(lint) -> None:
    piped = lint(*GS0, "-", "--stdin-filename", "twice.gpu.jsonc", "--format", "json", stdin=TWICE.encode())
    assert piped.out == lint(*GS0, "twice.gpu.jsonc", "--format", "json").out
    assert piped.status == 1


def test_standard_input_is_mended_to_standard_output(lint) -> None:
    ran = lint(*GS0, "-", "--fix", stdin=QUOTES.encode())
    assert ran.out == CLEAN
    assert ran.status == 0


def test_fix_and_diff(lint, here: Path) -> None:
    ran = lint(*GS0, "quotes.gpu.jsonc", "--diff")
    assert ran.status == 1
    assert "-{ 'run'" in ran.out
    assert '+{ "run"' in ran.out
    assert (here / "quotes.gpu.jsonc").read_text() == QUOTES
    ran = lint(*GS0, "quotes.gpu.jsonc", "--fix", "--show-fixes")
    assert (ran.status, (here / "quotes.gpu.jsonc").read_text()) == (0, CLEAN)
    assert '1 fixed · clean: 1 file\nfixed quotes.gpu.jsonc: 1 × write "run"\n' in ran.out
    assert lint(*GS0, "quotes.gpu.jsonc", "--diff").out == ""


def test_a_fix_that_two_readers_read_differently_is_not_written(
    lint, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("json5.loads", lambda text: {"run": "python y.py"})
    ran = lint(*GS0, "quotes.gpu.jsonc", "--fix", "--format", "concise")
    assert (ran.status, (here / "quotes.gpu.jsonc").read_text()) == (3, QUOTES)
    said = "--fix failed on quotes.gpu.jsonc: nothing was written, since json5 reads another value at /run"
    assert ran.err == f"gpuspec: error[internal]: {said}\n"
    assert "GS007" in ran.out  # it is still there
    piped = lint(*GS0, "-", "--fix", stdin=QUOTES.encode())
    assert (piped.status, piped.out) == (3, QUOTES)


def test_a_fix_too_long_for_the_second_reader_is_written_and_said(lint, here: Path) -> None:
    text = "{ 'run': \"python x.py\", // " + "x" * 100_000 + "\n}\n"
    (here / "quotes.gpu.jsonc").write_text(text)
    ran = lint(*GS0, "quotes.gpu.jsonc", "--fix")
    assert (ran.status, (here / "quotes.gpu.jsonc").read_text()) == (0, text.replace("'", '"'))
    assert "note: quotes.gpu.jsonc was fixed, and not read a second time before it was written" in ran.err


def test_output_goes_to_a_file(lint, here: Path) -> None:
    ran = lint(*GS0, "twice.gpu.jsonc", "--format", "json", "--output", "report.json")
    assert (ran.status, ran.out) == (1, "")
    assert json.loads((here / "report.json").read_text())["findings"][0]["code"] == "GS002"
    ran = lint(*GS0, "twice.gpu.jsonc", "--output", "no/such/folder")
    assert (ran.status, "cannot-write" in ran.err) == (2, True)


def test_baseline(lint, here: Path) -> None:
    assert lint(*GS0, "--write-baseline", "known.json").status == 0
    assert lint(*GS0, "--baseline", "known.json").status == 0
    (here / "twice.gpu.jsonc").write_text(CLEAN)
    ran = lint(*GS0, "--baseline", "known.json")
    assert ran.status == 0
    assert "twice.gpu.jsonc: GS002" in ran.err


def test_the_baseline_of_the_settings(lint, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "deep").mkdir()
    (here / "gpuspec.toml").write_text('select = ["GS002"]\nbaseline = "deep/known.json"\n')
    ran = lint()
    assert (ran.status, "error[no-such-file]" in ran.err, "--write-baseline" in ran.err) == (2, True, True)
    (here / "deep" / "job.jsonc").write_text(TWICE)
    ran = lint("--write-baseline")
    assert (ran.status, ran.out) == (0, "2 findings written to deep/known.json\n")
    ran = lint()
    assert (ran.status, ran.out) == (0, "clean: 4 files · 2 more in the baseline\n")
    monkeypatch.chdir(here / "deep")
    assert lint("job.jsonc").status == 0
    assert lint("job.jsonc", "--no-baseline").status == 1
    (here / "none.json").write_text('{"findings": []}')
    assert lint("job.jsonc", "--baseline", "../none.json").status == 1
    # What is not asked about stays as it was recorded.
    ran = lint("job.jsonc", "--write-baseline")
    assert ran.out == "1 finding written to known.json, 1 of other files and rules kept\n"
    assert lint("..").status == 0


def test_a_baseline_to_write_must_be_named(lint, here: Path) -> None:
    ran = lint(*GS0, "--write-baseline")
    assert (ran.status, "error[no-baseline]" in ran.err) == (2, True)
    (here / "jobs").mkdir()
    ran = lint(*GS0, "--write-baseline", "jobs")
    assert (ran.status, "put PATH first" in ran.err) == (2, True)


def test_exit_zero(lint, here: Path) -> None:
    assert lint(*GS0, "--exit-zero").status == 0
    assert "GS002" in lint(*GS0, "--exit-zero").out
    assert lint(*GS0, "--diff", "--exit-zero").status == 0
    assert lint(*GS0, "nowhere.gpu.jsonc", "--exit-zero").status == 2


def test_fix_only_tells_what_it_fixed(lint, here: Path) -> None:
    ran = lint(*GS0, "--fix-only")  # twice.gpu.jsonc is left as it is
    assert (ran.status, ran.out) == (0, 'fixed quotes.gpu.jsonc: 1 × write "run"\n')
    assert lint(*GS0, "--fix-only").out == ""


def test_what_a_comment_silences_is_marked_in_sarif(lint, here: Path) -> None:
    text = "// gpuspec: ignore-file[duplicate-key] both are meant\n" + TWICE
    (here / "twice.gpu.jsonc").write_text(text)
    ran = lint("--select", "GS002", "--format", "sarif", "--fix")  # which lints more than once
    (result,) = json.loads(ran.out)["runs"][0]["results"]
    assert (ran.status, result["suppressions"][0]["justification"]) == (0, "both are meant")


def test_settings_name_no_file_of_somebody_as_the_baseline(lint, here: Path) -> None:
    mine = here.parent / "mine.txt"
    mine.write_text("mine\n")
    (here / "gpuspec.toml").write_text('baseline = "../mine.txt"\n')
    ran = lint("twice.gpu.jsonc", "--write-baseline")
    assert (ran.status, "error[would-overwrite]" in ran.err, mine.read_text()) == (2, True, "mine\n")


@pytest.mark.parametrize("option", ["--output", "--write-baseline"])
@pytest.mark.parametrize("name", ["twice.gpu.jsonc", "other.json", "train.py", "gpuspec.toml", "job.jsonc"])
def test_what_is_linted_is_not_written_over(lint, here: Path, option: str, name: str) -> None:
    text = {
        "twice.gpu.jsonc": (here / "twice.gpu.jsonc").read_text(),
        "train.py": "print()\n",
        "gpuspec.toml": 'ignore = ["GS001"]\n',
    }.get(name, '{"gpu_types": ["RTX 4090"], "run": "true"}')
    (here / name).write_text(text)
    for words in (("twice.gpu.jsonc", option, name), (option, name)):
        ran = lint(*GS0, *words)
        assert (ran.status, "error[would-overwrite]" in ran.err) == (2, True), ran.err
        assert (here / name).read_text() == text
    for old in ("", "an old report", '{"version": 1, "findings": []}'):
        (here / "old.json").write_text(old)
        assert "would-overwrite" not in lint(*GS0, "twice.gpu.jsonc", option, "old.json").err
        assert (here / "old.json").read_text() != old


def test_exclude(lint, here: Path) -> None:
    (here / "gpuspec.toml").write_text('exclude = ["twice.*"]\n')
    assert "twice" not in lint(*GS0, "--format", "concise").out
    assert "twice" in lint(*GS0, "--format", "concise", "twice.gpu.jsonc").out
    assert "twice" not in lint(*GS0, "--format", "concise", "twice.gpu.jsonc", "--force-exclude").out


def test_per_file_ignores(lint) -> None:
    ran = lint(*GS0, "--format", "concise", "--per-file-ignores", "twice.*:GS002")
    assert "GS007" in ran.out
    assert "GS002" not in ran.out
    assert lint("--per-file-ignores", "twice").status == 2


def test_colour(lint, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in lint(*GS0, "twice.gpu.jsonc").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in lint(*GS0, "twice.gpu.jsonc").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in lint(*GS0, "twice.gpu.jsonc").out


def test_the_same_bytes_whatever_the_hash_seed(here: Path) -> None:
    outputs = set()
    for seed in ("0", "1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-m", "gpuspec", "lint", ".", "--format", "json"]
        outputs.add(
            subprocess.run(command, cwd=here, env=environment, capture_output=True, check=False).stdout
        )
    assert len(outputs) == 1
    assert b"GS002" in outputs.pop()


@pytest.mark.parametrize("options", [[], ["--format", "json"]])
def test_a_failure_of_ours_is_three_and_no_traceback(
    lint, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], options: list[str]
) -> None:
    def crash(*_: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("gpuspec.cli.run_lint.collect", crash)
    ran = lint("clean.gpu.jsonc", *options)
    assert ran.status == 3
    assert "internal error: ZeroDivisionError: ours" in ran.err
    assert "Traceback" not in ran.err
    monkeypatch.setattr(sys, "argv", ["gpuspec", "--debug", "lint", "clean.gpu.jsonc"])
    assert main() == 3
    traceback = capfdbinary.readouterr().err.decode()
    assert traceback.startswith("Traceback (most recent call last):\n")
    assert traceback.endswith("\nZeroDivisionError: ours\n")


def test_a_closed_pipe_is_no_crash(here: Path) -> None:
    command = f"{sys.executable} -m gpuspec lint . | true"
    done = subprocess.run(["bash", "-c", command], cwd=here, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
