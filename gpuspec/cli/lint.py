"""`gpuspec lint`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from gpuspec.cli.open_case import CaseOptions, case_options, users_option
from gpuspec.cli.run_lint import LintRequest
from gpuspec.cli.run_lint import lint as run
from gpuspec.lint.config_file import SEVERITIES
from gpuspec.lint.settings import Overrides
from gpuspec.report import FORMATS


def _words(_: click.Context, __: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for item in value for word in item.replace(",", " ").split())


def _globs(
    _: click.Context, parameter: click.Parameter, value: tuple[str, ...]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    pairs = []
    for item in value:
        glob, colon, rules = item.rpartition(":")
        if not colon or not glob:
            raise click.BadParameter(f"{item!r} is not GLOB:RULE[,RULE…]", param=parameter)
        pairs.append((glob, tuple(rules.replace(",", " ").split())))
    return tuple(pairs)


class ReportFormat(click.ParamType):  # type: ignore[type-arg]
    """A format of gpuspec's own, or of a plugin: those are asked only for a name that is not ours."""

    name = "format"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in FORMATS:
            from gpuspec.report import reporters

            known = sorted({*FORMATS, *reporters()})
            if value not in known:
                self.fail(f"{value!r} is not one of {', '.join(known)}.", param, ctx)
        return value


def _rules(name: str, text: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    return click.option(name, multiple=True, callback=_words, metavar="RULE,…", help=text)


@click.command("lint")
@click.argument("paths", nargs=-1, metavar="[PATH]…")
@_rules("--select", "Run these rules only: codes, names or prefixes (GS1).")
@_rules("--ignore", "Leave these rules out.")
@_rules("--extend-select", "Run these rules, too.")
@click.option(
    "--per-file-ignores",
    multiple=True,
    callback=_globs,
    metavar="GLOB:RULE,…",
    help="Leave rules out in some files.",
)
@click.option("--exclude", multiple=True, metavar="GLOB", help="Files and folders to pass over.")
@click.option("--force-exclude", is_flag=True, help="Pass over excluded files even when named.")
@click.option(
    "--ignore-unknown", is_flag=True, help="Pass over named files that are no job files or scripts."
)
@click.option("--scripts", is_flag=True, help="In folders, look at scripts, too (shell, Python, Make, CI).")
@click.option("--stdin-filename", metavar="PATH", help="What to call the text that `-` reads.")
@click.option("--fix", is_flag=True, help="Apply safe fixes.")
@click.option(
    "--unsafe-fixes", is_flag=True, help="With --fix or --diff: also fixes that may change the job."
)
@click.option(
    "--fix-only", is_flag=True, help="Apply fixes, and tell which; nothing else is told, and the status is 0."
)
@click.option("--watch", is_flag=True, help="Lint again whenever a file or a setting changes.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option("--show-fixes", is_flag=True, help="List the fixes made.")
@click.option(
    "--format",
    type=ReportFormat(),
    default="text",
    show_default=True,
    help=f"{', '.join(FORMATS)}, or a plugin's.",
)
@click.option("--output", "-o", metavar="FILE", help="Write the report to FILE.")
@click.option("--statistics", is_flag=True, help="Count findings by rule, with the money.")
@click.option("--fail-on", type=click.Choice(SEVERITIES), help="Least severity for exit status 1 [warning].")
@click.option("--exit-zero", is_flag=True, help="Exit status 0 whatever is found; errors keep theirs.")
@click.option("--pedantic/--no-pedantic", default=None, help="Show findings of low confidence, too.")
@click.option("--preview/--no-preview", default=None, help="Run rules in preview, too.")
@case_options
@users_option
@click.option(
    "--baseline", metavar="FILE", help="Hide the findings recorded in FILE [what the settings name]."
)
@click.option("--no-baseline", is_flag=True, help="Show what the baseline of the settings hides, too.")
@click.option(
    "--write-baseline",
    is_flag=False,
    flag_value="",
    metavar="[FILE]",
    help="Record all findings in FILE, or in the baseline that the settings name.",
)
@click.option(
    "--hide-suppressed",
    is_flag=True,
    help="In SARIF, leave out what comments and the baseline silence: code scanning shows it otherwise.",
)
@click.option(
    "--allow-local-rules", is_flag=True, help="Run the Python files that the config's local-rules names."
)
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[str, ...], given: CaseOptions, **options: Any) -> int:
    """Find mistakes and waste in job files and launch scripts.

    \b
    gpuspec lint                        every job file below this folder
    gpuspec lint k8s/ compose.yaml      manifests, compose files and others, too
    gpuspec lint job.jsonc --fix        apply safe fixes
    gpuspec lint --scripts .            also look for launch loops in scripts
    cat job.jsonc | gpuspec lint -      from standard input
    helm template . | gpuspec lint -    so are manifests

    Exit status: 0 clean, 1 findings of severity warning or error, 2 wrong usage or unreadable input,
    3 gpuspec or a plugin failed.
    """
    named = {name: options.pop(name) for name in Overrides._fields if name in options}
    overrides = Overrides(**named, job=given.job)
    debug = bool(ctx.find_root().params.get("debug"))
    watching = options.pop("watch")
    options["fix"] |= options["fix_only"]
    request = LintRequest(
        paths or (".",), overrides, debug=debug, config=given.config, isolated=given.isolated, **options
    )
    if watching:
        from gpuspec.cli.watch import watch

        return watch(request)
    return run(request)
