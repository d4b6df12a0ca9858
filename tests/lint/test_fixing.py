"""Mending: idempotent, comments kept, never a text that does not parse."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rules_for_tests import NoCloud, registry

from gpuspec import Edit, Facts, Finding, Fix, Rule
from gpuspec.cli.main import main
from gpuspec.commands.shell import walk
from gpuspec.errors import UserError
from gpuspec.lint import fixing
from gpuspec.lint.files import lint_data
from gpuspec.lint.finding import Replace
from gpuspec.lint.fixing import difference, fix_data, second_reading, write_file
from gpuspec.lint.registry import Registry
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Settings
from gpuspec.rules import collect
from gpuspec.rules.lifetime.keep_alive import KeepAlive
from gpuspec.rules.safety.inline_secret import InlineSecret
from gpuspec.rules.spec.deprecated_name import DeprecatedName
from gpuspec.rules.spec.json5_extension import Json5Extension
from gpuspec.rules.spec.schema import Schema
from gpuspec.rules.spec.suppressions import UnusedSuppression
from gpuspec.testing import RuleTester
from gpuspec.text import Span
from tests.operations import growth


def fixed(text: str, *rules: type[Rule], unsafe: bool = False) -> str:
    done = fix_data(
        Linter(registry(*rules), debug=True), "a.gpu.jsonc", text.encode(), Settings(), unsafe=unsafe
    )
    again = fix_data(Linter(registry(*rules)), "a.gpu.jsonc", done.data, Settings(), unsafe=unsafe)
    assert again.data == done.data
    assert again.titles == ()
    return done.data.decode()


def test_several_findings_one_run() -> None:
    text = '{\n  // keep me\n  "run": "x",\n  "clouds": ["aws", "gcp", "azure"] // and me\n}\n'
    assert fixed(text, NoCloud) == '{\n  // keep me\n  "run": "x",\n  "clouds": [] // and me\n}\n'


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_line_ends_and_bom_are_kept(end: str, bom: str) -> None:
    text = f"{bom}{{{end}  // c{end}  run: 'x'{end}}}{end}"
    assert fixed(text, Json5Extension) == f'{bom}{{{end}  // c{end}  "run": "x"{end}}}{end}'


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ('{"run": "x"} // gpuspec: ignore[T101] why\n', '{"run": "x"}\n'),
        ('{\n  // gpuspec: ignore[T101] why\n  "run": "x"\n}\n', '{\n  "run": "x"\n}\n'),
        ('{\r\n  // gpuspec: ignore[T101] why\r\n  "run": "x"\r\n}\r\n', '{\r\n  "run": "x"\r\n}\r\n'),
        (
            '{"run": "x", "clouds": ["aws"]} // gpuspec: ignore[T101, GS007] why\n',
            '{"run": "x", "clouds": ["aws"]} // gpuspec: ignore[T101] why\n',
        ),
        ('{"run": "x"} // gpuspec: ignore[T101, GS007] why\n', '{"run": "x"}\n'),
    ],
)
def test_unused_suppressions_go(text: str, after: str) -> None:
    assert fixed(text, NoCloud, Json5Extension, UnusedSuppression) == after


@pytest.mark.parametrize("name", ["launch", "launch.sh"])
def test_a_script_is_fixed_whether_its_name_or_its_first_line_says_what_it_is(name: str) -> None:
    text = b"#!/bin/bash\n# gpuspec: ignore[GS301] why\nls\n"
    done = fix_data(Linter(registry(UnusedSuppression), debug=True), name, text, Settings())
    assert done.data == b"#!/bin/bash\nls\n"
    assert second_reading(name, done.data) is None


class Toggle(Rule):
    """Wants the opposite of what is there."""

    code = "T300"
    name = "toggle"
    severity = "info"

    def check(self, facts: Facts) -> Iterator[Finding]:
        other = "b" if facts.job.run == "a" else "a"
        yield self.finding("/run", "no", fix=Fix("toggle", (Edit("set", "/run", other),), safe=True))


def test_two_fixes_that_undo_each_other_end() -> None:
    done = fix_data(Linter(registry(Toggle)), "a.gpu.jsonc", b'{"run": "a"}', Settings())
    assert done.data == b'{"run": "b"}'


class Vandal(Rule):
    """Offers a fix that breaks the file."""

    code = "T301"
    name = "vandal"
    severity = "info"

    def check(self, facts: Facts) -> Iterator[Finding]:
        yield self.finding(
            "/run", "no", fix=Fix("break it", (), safe=True, replaces=(Replace(Span(0, 1), "["),))
        )
        yield self.finding("/run", "gone", fix=Fix("edit", (Edit("remove", "/nowhere"),), safe=True))


def test_a_fix_that_breaks_the_text_is_not_made() -> None:
    assert fixed('{"run": "x"}', Vandal) == '{"run": "x"}'


class Unsafe(Rule):
    """Only mended on request."""

    code = "T302"
    name = "risky"
    severity = "info"

    def check(self, facts: Facts) -> Iterator[Finding]:
        if facts.job.run != "y":
            yield self.finding("/run", "no", fix=Fix("y", (Edit("set", "/run", "y"),), safe=False))


def test_unsafe_only_on_request() -> None:
    assert fixed('{"run": "x"}', Unsafe) == '{"run": "x"}'
    assert fixed('{"run": "x"}', Unsafe, unsafe=True) == '{"run": "y"}'
    RuleTester(Unsafe).invalid('{"run": "x"}', at="/run", fixed='{"run": "y"}')


def test_files_keep_their_mode_and_links(tmp_path: Path) -> None:
    real = tmp_path / "real.jsonc"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link = tmp_path / "link.jsonc"
    link.symlink_to(real)
    write_file(str(link), b"new")
    assert real.read_bytes() == b"new"
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["link.jsonc", "real.jsonc"]


def test_what_cannot_be_written_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.gpu.jsonc"
    file.write_bytes(b"old")
    file.chmod(0o444)
    with pytest.raises(UserError, match="cannot be fixed: it is read-only") as caught:
        write_file(str(file), b"new")
    assert caught.value.code == "cannot-write"
    file.chmod(0o644)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UserError, match="No space left on device"):
        write_file(str(file), b"new")
    assert file.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.gpu.jsonc"]


def test_a_diff_of_lines_as_windows_ends_them_is_read_by_people() -> None:
    before, after = b'{\r\n  "a": 1\r\n}\r\n', b'{\r\n  "b": 1\r\n}\r\n'
    assert difference("x", before, after).splitlines()[3:] == [" {", '-  "a": 1', '+  "b": 1', " }"]
    assert '-  "a": 1\r\n' in difference("x", before, after, exact=True)
    # Where the ends are what changes, they show.
    assert '-  "a": 1\r\n' in difference("x", before, before.replace(b"\r\n", b"\n"))


def test_difference_applies_with_patch() -> None:
    assert (
        difference("a", b"x\ny", b"x\nz\n")
        == "--- a\n+++ a\n@@ -1,2 +1,2 @@\n x\n-y\n\\ No newline at end of file\n+z\n"
    )


def test_what_is_left_to_fix_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fixing, "ROUNDS", 1)
    spec = tmp_path / "gpu.jsonc"
    spec.write_text('{ "keep_alive_minutes": "3", disk_gb: "50", "run": "true" }')
    main(["lint", "--fix", "--unsafe-fixes", "--select", "GS007,GS003", str(spec)])
    assert "has more to fix than is fixed at once" in capsys.readouterr().err
    main(["lint", "--fix", "--unsafe-fixes", "--select", "GS007,GS003", str(spec)])
    assert "more to fix" not in capsys.readouterr().err
    assert json.loads(spec.read_text()) == {"keep_alive_minutes": 3, "disk_gb": 50, "run": "true"}


def downloads(count: int) -> str:
    return json.dumps(
        {"run": "x", "downloads": [{"strategy": "hf", "sorce": f"a/b{at}"} for at in range(count)]}
    )


def keys_in_the_environment(count: int) -> str:
    env = {f"API_KEY_{at}": f"sk-ant-api03-{at:04}" + "aB3xYz9KqLmN7pR2" * 5 for at in range(count)}
    return json.dumps({"run": "x", "env": env}, indent=2)


def named_twice(count: int) -> str:
    """Names that cannot be mended, as each stands there twice."""
    return json.dumps({"run": "x", "downloads": ["HERE"]}).replace(
        '"HERE"', ", ".join(['{"strategy": "hf", "sorce": "a", "sorce": "b"}'] * count)
    )


def old_steps(count: int) -> str:
    steps = [{"run": f"pip install a{at}", "only_once": True} for at in range(count)]
    return json.dumps({"run": "x", "environment": {"shell": {"steps": steps}}})


def clouds(count: int) -> str:
    return json.dumps({"run": "x", "clouds": [f"c{at}" for at in range(count)]}, indent=2)


@pytest.mark.parametrize(
    ("spec", "rule"),
    [
        (downloads, Schema),
        (keys_in_the_environment, InlineSecret),
        (named_twice, Schema),
        (old_steps, DeprecatedName),
        (clouds, NoCloud),
    ],
)
def test_twice_as_many_fixes_are_twice_the_work(spec: Callable[[int], str], rule: type[Rule]) -> None:
    linter = Linter(registry(rule), debug=True)

    def work(count: int) -> None:
        fix_data(linter, "gpu.jsonc", spec(count).encode(), Settings(), unsafe=True)

    assert growth(work, 20) < 2.6


@pytest.mark.parametrize(
    ("spec", "rule"),
    [(downloads, Schema), (keys_in_the_environment, InlineSecret), (clouds, NoCloud)],
)
def test_hundreds_of_fixes_are_made_in_one_run(spec: Callable[[int], str], rule: type[Rule]) -> None:
    done = fix_data(Linter(registry(rule)), "gpu.jsonc", spec(300).encode(), Settings(), unsafe=True)
    assert not done.more
    assert len(done.titles) == 300
    assert not done.findings
    mended = json.loads(done.data)
    if spec is downloads:
        assert mended["downloads"] == [{"strategy": "hf", "source": f"a/b{at}"} for at in range(300)]
    elif spec is clouds:
        assert mended == {"run": "x", "clouds": []}
    else:
        assert mended == {"run": "x", "secrets": [f"API_KEY_{at}" for at in range(300)]}


def test_commands_that_stay_as_they_are_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    parse_grammar = walk.tree
    monkeypatch.setattr(
        walk, "tree", lambda source, budget: read.append(source) or parse_grammar(source, budget)
    )
    spec = {
        "run": "python train.py",
        "keep_alive_minutes": "3",
        "environment": {"base_image": "ubuntu:22.04"},
    }
    rules = (Schema, DeprecatedName, KeepAlive)
    done = fix_data(Linter(registry(*rules)), "gpu.jsonc", json.dumps(spec).encode(), Settings(), unsafe=True)
    assert len(done.titles) > 1
    assert read == ["python train.py"]
    fix_data(Linter(registry(*rules)), "gpu.jsonc", done.data, Settings(), unsafe=True)
    assert read == ["python train.py"] * 2, "it is kept no longer than one file is fixed"


SERVER = """{
  "task": "serve", "gpu_types": ["A100 PCIe 40GB"], "keep_alive_minutes": 30, "budget": {"max_total": 100},
  "run": "vllm serve Qwen/Qwen2.5-7B-Instruct-AWQ --max-model-len 16384"
}"""


def changing(*edits: Edit, advice: str | None = None) -> type[Rule]:
    class Changing(Rule):
        """It always finds something."""

        code = "T900"
        name = "changing"
        severity = "warning"

        def check(self, facts: Facts) -> Iterator[Finding]:
            yield self.finding("/run", "m", suggestion=advice, fix=Fix("do it", edits, safe=True))

    return Changing


@pytest.mark.parametrize(
    ("edit", "left"),
    [
        # longer than the model's 32,768 tokens
        (Edit("set", "/run", "vllm serve Qwen/Qwen2.5-7B-Instruct-AWQ --max-model-len 163840"), None),
        # 70B in 16 bit take 140 GB
        (Edit("set", "/run", "vllm serve meta-llama/Llama-3.3-70B-Instruct --max-model-len 16384"), None),
        (Edit("set", "/gpu_types/0", "RTX 4091"), None),
        (Edit("set", "/budget", {"max_hours": 3}), "do it"),  # max_total is the author's
        (Edit("set", "/keep_alive_minutes", 30), None),  # as it is
        (Edit("rename", "/task", "budget"), "do it"),
    ],
)
def test_a_fix_that_does_harm_is_not_offered(edit: Edit, left: str | None) -> None:
    everyone = Registry((*collect().rules, *registry(changing(edit)).rules), ())
    found = lint_data(Linter(everyone), "a.jsonc", SERVER.encode(), Settings(), on_disk=False)
    (mine,) = (each.finding for each in found if each.finding.code == "T900")
    assert (mine.fix, mine.suggestion) == (None, left)
    done = fix_data(Linter(everyone), "a.jsonc", SERVER.encode(), Settings(), unsafe=True)
    assert "do it" not in done.titles
    with pytest.raises(AssertionError, match="T900: the fix 'do it' is not offered"):
        RuleTester(changing(edit)).invalid(SERVER)


def test_a_fix_that_does_no_harm_is_offered() -> None:
    everyone = Registry(
        (*collect().rules, *registry(changing(Edit("set", "/budget/max_hours", 3))).rules), ()
    )
    found = lint_data(Linter(everyone), "a.jsonc", SERVER.encode(), Settings(), on_disk=False)
    assert [each.finding.fix is not None for each in found if each.finding.code == "T900"] == [True]


def test_a_misspelled_field_keeps_its_value() -> None:
    """One rule renames it, another would set the field that is not there."""
    text = '{\n  "run": "x",\n  "gpu_types": ["RTX 4090"],\n  "task": "serve",\n  "keep_alive": 45\n}\n'
    linter = Linter(collect())
    found = lint_data(linter, "a.gpu.jsonc", text.encode(), Settings(), on_disk=False)
    assert "GS401" not in {each.finding.code for each in found if each.finding.fix}
    done = fix_data(linter, "a.gpu.jsonc", text.encode(), Settings(), unsafe=True)
    assert b'"keep_alive_minutes": 45' in done.data
    assert b'"keep_alive"' not in done.data


def test_a_value_that_stands_in_another_place_too_is_not_lost() -> None:
    twice = SERVER.replace('"budget"', '"disk_gb": 30, "budget"')
    found = RuleTester(changing(Edit("set", "/keep_alive_minutes", 20))).findings(twice)
    assert [each.finding.fix is not None for each in found] == [True]
