"""`extend` in settings: what replaces and what adds up, seen from which folder, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rules_for_tests import NoCloud, NoEcho, registry

from gpuspec.errors import UserError
from gpuspec.lint.config import Configs, read_config
from gpuspec.lint.extended import glob_from
from gpuspec.lint.globs import glob_matches
from gpuspec.lint.settings import Settings

RULES = registry(NoCloud, NoEcho)


def write(folder: Path, **files: str) -> None:
    """Files by their names, of which `__` stands for a slash; each gets its ending."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".toml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def values(folder: Path, name: str = "a.toml") -> dict[str, Any]:
    return {key: value for key, value in read_config(str(folder / name)).values.items() if key != "extend"}


def test_a_setting_replaces_and_two_lists_add_up(tmp_path: Path) -> None:
    write(
        tmp_path,
        base="""
        ignore = ["T1"]
        extend-select = ["T2"]
        clouds = ["aws"]
        fail-on = "error"
        severity = { T1 = "info", T2 = "info" }
        rules = { limited = { share = 1, number = 2 }, other = { a = 1 } }
        discounts = { aws = 0.1, gcp = 0.2 }
        per-file-ignores = { a = ["T1"] }
        """,
        a="""
        extend = "base.toml"
        ignore = ["T3"]
        extend-select = ["T4"]
        clouds = ["gcp"]
        severity = { T2 = "error" }
        rules = { limited = { share = 3 } }
        discounts = { AWS = 0.3 }
        per-file-ignores = { b = ["T1"] }
        """,
    )
    assert values(tmp_path) == {
        "ignore": ["T1", "T3"],
        "extend-select": ["T2", "T4"],
        "clouds": ["gcp"],
        "fail-on": "error",
        "severity": {"T1": "info", "T2": "error"},
        "rules": {"limited": {"share": 3, "number": 2}, "other": {"a": 1}},
        "discounts": {"gcp": 0.2, "AWS": 0.3},
        "per-file-ignores": {"b": ["T1"]},
    }


def test_select_starts_afresh(tmp_path: Path) -> None:
    write(
        tmp_path,
        base='select = ["T1"]\nignore = ["T101"]\nextend-select = ["T2"]',
        a='extend = "base.toml"\nselect = ["T3"]\nignore = ["T301"]',
    )
    assert values(tmp_path) == {"select": ["T3"], "ignore": ["T301"]}


def test_what_is_selected_again_is_not_ignored(tmp_path: Path) -> None:
    write(
        tmp_path,
        base='ignore = ["T101", "T102", "T2"]',
        a='extend = "base.toml"\nextend-select = ["T1", "T201"]',
    )
    assert values(tmp_path)["ignore"] == ["T2"]  # T201 is longer, and wins over it


def test_several_levels_and_where_each_came_from(tmp_path: Path) -> None:
    write(
        tmp_path,
        company__base='ignore = ["T1"]\nfail-on = "error"\npedantic = true',
        team='extend = "company/base.toml"\nignore = ["T2"]\npedantic = false',
        a='extend = "./team.toml"\nignore = ["T3"]',
    )
    config = read_config(str(tmp_path / "a.toml"))
    base, team, near = (str(tmp_path / name) for name in ("company/base.toml", "team.toml", "a.toml"))
    assert config.values["ignore"] == ["T1", "T2", "T3"]
    assert config.said_by("ignore") == (base, team, near)
    assert (config.said_by("fail-on"), config.said_by("pedantic")) == ((base,), (team,))
    assert (config.said_by("extend"), config.said_by("clouds")) == ((near,), ())
    assert config.chain == (near, team, base)


def test_pyproject(tmp_path: Path) -> None:
    write(
        tmp_path,
        pyproject='[tool.gpuspec]\nignore = ["T1"]',
        none__pyproject="[project]",
        a='extend = "pyproject.toml"',
    )
    assert values(tmp_path) == {"ignore": ["T1"]}
    write(tmp_path, a='extend = "none/pyproject.toml"')
    with pytest.raises(UserError, match=r"has no \[tool.gpuspec\]"):
        values(tmp_path)


@pytest.mark.parametrize(
    ("extend", "said"),
    [
        ("a.toml", "extend goes in a circle: .*a.toml → .*a.toml"),
        ("b.toml", "extend goes in a circle: .*a.toml → .*b.toml → .*a.toml"),
        ("nowhere.toml", "a.toml: extend: .*nowhere.toml does not exist"),
        ("https://example.org/gpuspec.toml", "extend: https://.* is an address"),
        ("", "a.toml: extend: .* cannot be read"),
        ("/dev/zero", "a.toml: extend: /dev/zero cannot be read: it is a device"),
        ("broken.toml", "broken.toml: it is not TOML"),
        ("other.toml", "other.toml: there is no setting 'x'"),
        ("deep0.toml", "more than 10 files extend each other"),
    ],
)
def test_what_is_refused(tmp_path: Path, extend: str, said: str) -> None:
    deep = {f"deep{n}": f'extend = "deep{n + 1}.toml"' for n in range(20)}
    write(tmp_path, a=f'extend = "{extend}"', b='extend = "a.toml"', broken="x = ", other="x = 1", **deep)
    with pytest.raises(UserError, match=said) as caught:
        read_config(str(tmp_path / "a.toml"))
    assert caught.value.code == "bad-config"


def test_paths_are_seen_from_the_file_that_names_them(tmp_path: Path) -> None:
    write(tmp_path, gpuspec='baseline = "known.json"', deep__gpuspec='extend = "../gpuspec.toml"')
    settings = Configs(RULES).settings_for(str(tmp_path / "deep" / "job.gpu.jsonc"))
    assert settings.baseline is not None
    assert Path(settings.baseline).resolve() == tmp_path / "known.json"
    assert values(tmp_path / "deep", "gpuspec.toml") == {"baseline": "../known.json"}


def test_local_rules_stay_with_the_file_that_names_them(tmp_path: Path) -> None:
    """And are run only where that is allowed."""
    write(tmp_path, gpuspec='local-rules = ["policy.py"]', deep__gpuspec='extend = "../gpuspec.toml"')
    (tmp_path / "policy.py").write_text("raise SystemExit")

    def settings() -> Settings:
        return Configs(RULES).settings_for(str(tmp_path / "deep" / "job.gpu.jsonc"))

    assert settings().refused == (str(tmp_path / "policy.py"),)
    write(tmp_path, gpuspec='local-rules = ["../policy.py"]')
    with pytest.raises(UserError, match="outside of its folder"):
        settings()


@pytest.mark.parametrize(
    ("glob", "folder", "expected"),
    [
        ("*.tmp", "search", ["*.tmp"]),
        ("**/old/*", "search", ["**/old/*"]),
        ("search/*.jsonc", "search", ["/*.jsonc"]),
        ("./search/deep/", "search", ["/deep"]),
        ("/search", "search", ["**"]),
        ("search/deep", "search/deep/er", ["**"]),
        ("other/*.jsonc", "search", []),
        ("*/x.jsonc", "search", ["/x.jsonc"]),
        ("search/**/x", "search", ["/**/x"]),
        ("search/**/x", "search/a", ["/**/x"]),
        ("a/**/b/c", "a/b", ["/**/b/c", "/c"]),
        ("jobs/x", "..", ["/{here}/jobs/x"]),
        ("jobs/x", "../beside", []),
    ],
)
def test_globs_are_seen_from_the_file_that_they_stand_in(
    tmp_path: Path, glob: str, folder: str, expected: list[str]
) -> None:
    here = tmp_path / "he[r]e*"
    there = (here / folder).resolve()
    found = glob_from(str(there), str(here), glob)
    literal = r"he\[r]e\*"
    assert found == [each.replace("{here}", literal) for each in expected]
    if folder == "..":
        assert glob_matches("he[r]e*/jobs/x", found[0])


def test_globs_mean_what_they_meant(tmp_path: Path) -> None:
    """Of many paths below a folder, what a glob means is the same from both."""
    globs = [
        "a/b",
        "a/*/c",
        "a/**",
        "a/**/c",
        "/a/b/*.x",
        "*/b/c",
        "a/b/c/d",
        "b/*",
        "**/c/*.x",
        "c",
        "a/?/c.x",
    ]
    paths = ["a/b", "a/b/c", "a/b/c.x", "a/b/c/d", "a/b/c/d.x", "a/b/b/c", "a/b/d/c/e.x", "a/b/x"]
    for folder in ("a", "a/b"):
        for glob in globs:
            derived = glob_from(str(tmp_path / folder), str(tmp_path), glob)
            for path in paths:
                if path.startswith(folder + "/"):
                    inner = path.removeprefix(folder + "/")
                    meant = any(glob_matches(inner, each) for each in derived)
                    assert meant == glob_matches(path, glob), (folder, glob, path, derived)
