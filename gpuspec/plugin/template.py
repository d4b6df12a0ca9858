"""What `gpuspec plugin new` writes. `@NAME@` and the like are filled in."""

from __future__ import annotations

from gpuspec.version import __version__

PYPROJECT = """[build-system]
requires = ["hatchling>=1.21"]
build-backend = "hatchling.build"

[project]
name = "gpuspec-@NAME@"
version = "0.1.0"
description = "Rules of ours for gpuspec."
readme = "README.md"
requires-python = ">=3.10"
dependencies = ["gpuspec>=@VERSION@,<@NEXT@"]

[project.optional-dependencies]
test = ["pytest>=8"]

[project.entry-points.gpuspec]
@NAME@ = "@PACKAGE@"

[tool.hatch.build.targets.wheel]
packages = ["@PACKAGE@"]

[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["."]
addopts = "--gpuspec"  # also runs the examples in the rules' docstrings
"""

INIT = '''"""The hook: which rules this plugin adds."""

from gpuspec import Rule, hookimpl


@hookimpl
def gpuspec_rules() -> list[type[Rule]]:
    # Imported here: `gpuspec lint` starts at every commit.
    from @PACKAGE@.allowed_clouds import AllowedClouds

    return [AllowedClouds]
'''

RULE = '''"""@CODE@101."""

from collections.abc import Iterator

from gpuspec import Edit, Facts, Finding, Fix, Option, Rule


class AllowedClouds(Rule):
    """A job may run on a cloud that we do not use.

    ## What it does
    Reports entries of `clouds` that are not in the option `allowed`.

    ## Why is this bad
    There is no contract with that cloud, and nobody looks at its bill.

    ## Example
    ```jsonc
    { "run": "python train.py", "clouds": ["runpod", "nowhere"] }
    ```

    ## Use instead
    ```jsonc
    { "run": "python train.py", "clouds": ["runpod"] }
    ```
    """

    code = "@CODE@101"
    name = "@NAME@-allowed-clouds"
    severity = "warning"
    fixable = "always"
    options = (Option("allowed", list, ["runpod", "lambda"], "Clouds that jobs may use."),)

    def check(self, facts: Facts) -> Iterator[Finding]:
        allowed = facts.options["allowed"]
        for at, cloud in enumerate(facts.job.clouds):
            if cloud not in allowed:
                pointer = f"{facts.job.pointer('clouds')}/{at}"
                yield self.finding(
                    pointer,
                    f"we do not use {cloud}",
                    suggestion=f"take one of {', '.join(allowed)}.",
                    fix=Fix(f"remove {cloud}", (Edit("remove", pointer),), safe=False),
                )
'''

TEST = """from gpuspec.testing import RuleTester

from @PACKAGE@.allowed_clouds import AllowedClouds


def test_clouds() -> None:
    tester = RuleTester(AllowedClouds, options={"allowed": ["runpod"]})
    tester.valid('{"run": "x"}')
    tester.valid('{"run": "x", "clouds": ["runpod"]}')
    tester.invalid('{"run": "x", "clouds": ["runpod", "nowhere"]}', at="/clouds/1", says="nowhere", findings=1)


def test_fix() -> None:
    RuleTester(AllowedClouds, options={"allowed": ["runpod"]}).invalid(
        '{"run": "x", "clouds": ["runpod", "nowhere"]}',
        fixed='{"run": "x", "clouds": ["runpod"]}',
    )
"""

GOLDEN = '''"""Each file in golden/: what the rule says of it (.out), and what its fix makes of it (.fixed).

GPUSPEC_UPDATE_GOLDEN=1 rewrites both."""

from pathlib import Path

import pytest
from @PACKAGE@.allowed_clouds import AllowedClouds

from gpuspec.testing import check_golden, golden_cases


@pytest.mark.parametrize("path", golden_cases(Path(__file__).parent / "golden"))
def test_golden(path: str) -> None:
    check_golden(path, [AllowedClouds])
'''

BAD = """{
  "run": "python train.py",
  "clouds": ["runpod", "nowhere"]
}
"""

GOOD = """{
  "run": "python train.py",
  "clouds": ["runpod", "lambda"]
}
"""

BAD_OUT = "3:24: @CODE@101 @NAME@-allowed-clouds we do not use nowhere\n"

BAD_FIXED = BAD.replace(', "nowhere"', "")

README = """# gpuspec-@NAME@

Rules of ours for [gpuspec](https://github.com/gpuspec/gpuspec).

| code | name | what it finds |
|---|---|---|
| @CODE@101 | @NAME@-allowed-clouds | A job may run on a cloud that we do not use. |

    pip install gpuspec-@NAME@
    gpuspec plugins
    gpuspec lint

```toml
# gpuspec.toml
plugins = ["gpuspec-@NAME@"]      # lint fails where it is missing

[rules.@NAME@-allowed-clouds]
allowed = ["runpod"]
```

In `.pre-commit-config.yaml`:

```yaml
- repo: https://github.com/gpuspec/gpuspec
  rev: v@VERSION@
  hooks:
    - id: gpuspec-lint
      additional_dependencies: [gpuspec-@NAME@]
```

In a GitHub workflow:

```yaml
- run: pip install gpuspec gpuspec-@NAME@
- run: gpuspec lint --format github
```

## Working on it

    pip install -e '.[test]'
    pytest
    gpuspec plugin check
"""

WORKFLOW = """name: test
on: [push, pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install '.[test]'
      - run: pytest
      - run: gpuspec plugin check
"""

IGNORE = "__pycache__/\n*.egg-info/\ndist/\n.pytest_cache/\n"


def files(name: str) -> dict[str, str]:
    """Path → text of a new plugin; `name` is its name without "gpuspec-", in lower case with hyphens."""
    package = f"gpuspec_{name.replace('-', '_')}"
    letters = "".join(character for character in name.upper() if character.isascii() and character.isalpha())[
        :10
    ]
    code = letters if len(letters) > 1 and letters != "GS" else f"{letters}X"
    major, minor = __version__.split(".")[:2]
    following = f"0.{int(minor) + 1}" if major == "0" else str(int(major) + 1)
    words = {
        "NAME": name,
        "PACKAGE": package,
        "CODE": code,
        "VERSION": __version__,
        "NEXT": following,
    }
    texts = {
        "pyproject.toml": PYPROJECT,
        "README.md": README,
        ".gitignore": IGNORE,
        ".github/workflows/test.yml": WORKFLOW,
        f"{package}/__init__.py": INIT,
        f"{package}/allowed_clouds.py": RULE,
        "tests/test_allowed_clouds.py": TEST,
        "tests/test_golden.py": GOLDEN,
        "tests/golden/bad-nowhere.gpu.jsonc": BAD,
        "tests/golden/bad-nowhere.gpu.out": BAD_OUT,
        "tests/golden/bad-nowhere.gpu.fixed": BAD_FIXED,
        "tests/golden/good-ours.gpu.jsonc": GOOD,
    }
    return {path: _filled(text, words) for path, text in texts.items()}


def _filled(text: str, words: dict[str, str]) -> str:
    for key, word in words.items():
        text = text.replace(f"@{key}@", word)
    return text
