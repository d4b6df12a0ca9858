"""One config file: read within bounds, and checked for shape."""

import os
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from gpuspec.errors import UserError
from gpuspec.named_tuple import NamedTuple
from gpuspec.untrusted_file import in_words, read_file
from gpuspec.words import Task

LARGEST = 1 << 20
"""Bytes of a config file."""
MOST_ENTRIES = 1000
"""In one list or table: each is asked about for every file or rule."""
MOST_DOTS = 30_000_000
"""The dots of each line, squared and added up. TOML readers take that time for dotted keys: 5,000 dots in one are a
third of a second, 400,000 an hour."""
LARGEST_NUMBER = 2**53
DEAREST = 1000.0
"""Dollars per GPU and hour that anybody could have agreed on."""
NAMES = ("gpuspec.toml", ".gpuspec.toml", "pyproject.toml")
SEVERITIES = ("info", "warning", "error")

KEYS: dict[str, tuple[type[Any], Any, str]] = {
    "extend": (
        str,
        None,
        "Settings file to start from, seen from this one; what stands here goes before it.",
    ),
    "select": (list, None, "Rules to run: codes, names or prefixes. Default: all."),
    "ignore": (list, (), "Rules to leave out."),
    "extend-select": (list, (), "Rules to run besides those selected."),
    "per-file-ignores": (dict, {}, "Glob → rules to leave out in the files it means."),
    "severity": (dict, {}, "Rule → error, warning or info."),
    "rules": (dict, {}, "Rule name → its options."),
    "fail-on": (str, "warning", "The least severity that makes lint exit with 1."),
    "baseline": (str, None, "File of known findings, which are not shown (--write-baseline writes it)."),
    "plugins": (list, (), "Plugins that must be installed."),
    "local-rules": (list, (), "Python files with rules; run only with --allow-local-rules."),
    "prices": (str, None, "Price source or price file to use; default: all current ones."),
    "api-prices": (
        str,
        None,
        "Table of API prices (columns of `gpuspec prices apis`), before those that ship.",
    ),
    "clouds": (list, (), "Clouds that may be used; default: all."),
    "regions": (list, (), "Regions that may be used, `*` for anything (us-*); default: all."),
    "discounts": (dict, {}, "Cloud → share taken off its on-demand prices: 0.32 is 32 %."),
    "committed": (dict, {}, "Cloud → GPU → dollars per GPU and hour agreed on, in place of the list price."),
    "budget": (
        dict,
        {},
        "Dollars a month: monthly, for all jobs; [budget.team] and the like, by name; at: shares to tell.",
    ),
    "notify": (
        dict,
        {},
        "Who is told when a budget is nearly used up: webhook, command; at: shares of a run's own budget.",
    ),
    "reserved": (
        list,
        (),
        "GPUs paid for all month, used or not: [[reserved]] cloud, gpu, count, price; filled first.",
    ),
    "assume-gpu": (str, None, "GPU of jobs whose file names none: L4, or RTX 4090:2 for two of them."),
    "per-file-assume-gpu": (
        dict,
        {},
        "Glob → GPU of jobs that name none, in the files it means; the first wins.",
    ),
    "per-file-usage": (
        dict,
        {},
        "Glob → how much of a month jobs run: hours_per_month or runs_per_month, hours_per_run, machines.",
    ),
    "per-file-labels": (dict, {}, "Glob → labels of jobs (team), which a bill groups by; the job's own win."),
    "default-task": (str, None, "Task of specs that name none: serve, batch, train or interactive."),
    "pedantic": (bool, False, "Show findings of low confidence, too."),
    "preview": (bool, False, "Run rules in preview, too."),
    "include": (list, (), "Globs of specs to find in folders, besides the usual names."),
    "exclude": (list, (), "Globs of files and folders to pass over."),
}
"""key → (type, default, meaning). schemas/config.schema.json says the same to editors."""
_CHOICES = {"fail-on": SEVERITIES, "default-task": get_args(Task)}


class Config(NamedTuple):
    """What a config file says, checked for shape. `path` is None where there is no file."""

    path: str | None
    values: Mapping[str, Any]
    origins: Mapping[str, tuple[str, ...]] = {}
    """Where the file extends another: setting → the files it came from."""
    chain: tuple[str, ...] = ()
    """The file and those that it extends, the nearest first, where it extends any."""

    def said_by(self, key: str) -> tuple[str, ...]:
        """The files that a setting came from; none where it has its default."""
        if key not in self.values or self.path is None:
            return ()
        return self.origins.get(key, (self.path,))


def has_settings(path: str) -> bool:
    """Whether a file is there and says anything to gpuspec."""
    # Most pyproject.toml hold nothing of ours, and a TOML reader costs 10 ms to import.
    if not path.endswith("pyproject.toml"):
        return os.path.lexists(path)  # a link that leads nowhere is an error, not the lack of settings
    try:
        return b"[tool.gpuspec" in read_file(path, LARGEST)
    except FileNotFoundError:
        return os.path.islink(path)
    except (PermissionError, NotADirectoryError):
        return False
    except OSError:
        return True  # no file, or an absurd one: whoever reads it says so


def read_one(path: str) -> Config:
    """One config file alone. Raises UserError `bad-config` or `no-such-file`."""
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        text = read_file(path, LARGEST).decode("utf-8-sig")
        if sum(line.count(".") ** 2 for line in text.split("\n")) > MOST_DOTS:
            raise bad_config(path, "it has lines of thousands of dots, which take too long to read")
        document = tomllib.loads(text)
    except FileNotFoundError:
        if os.path.islink(path):
            said = f"{path} cannot be read: it is a link, and what it leads to is not there"
            raise UserError("unreadable-file", said, "mend the link, or remove it.") from None
        raise UserError("no-such-file", f"{path} does not exist", "check what --config names.") from None
    except OSError as error:
        raise UserError("unreadable-file", f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # it may hold a number of 5,000 digits, or lists 1,000 deep
        raise bad_config(path, f"it is not TOML: {in_words(error)}") from None
    if os.path.basename(path) == "pyproject.toml":
        for name in ("tool", "gpuspec"):
            document = document.get(name, {})
            if not isinstance(document, dict):
                raise bad_config(path, f"{name} must be a table, not {type_in_words(type(document))}")
    for key, value in document.items():
        _check_key(path, key, value)
    return Config(path, document)


def _check_key(path: str, key: str, value: Any) -> None:
    if key not in KEYS:
        top = (
            "settings stand at the top of this file; [tool.gpuspec] is for pyproject.toml."
            if key == "tool"
            else None
        )
        raise bad_config(path, f"there is no setting {key!r}", top or near(key, KEYS))
    kind = KEYS[key][0]
    if type(value) is not kind:
        raise bad_config(path, f"{key} must be {type_in_words(kind)}, not {type_in_words(type(value))}")
    if key in _CHOICES and value not in _CHOICES[key]:
        raise bad_config(
            path, f"{key} = {value!r} is not one of {', '.join(_CHOICES[key])}", near(value, _CHOICES[key])
        )
    if kind is dict and len(value) > MOST_ENTRIES:
        raise bad_config(path, f"{key} has more than {MOST_ENTRIES:,} entries")
    if kind is str:
        _check_words(path, key, [value])
    elif kind is list and key != "reserved":
        _check_words(path, key, value)
    elif key == "per-file-ignores":
        for glob, rules in value.items():
            _check_words(path, f"{key}.{glob!r}", rules)
    elif key == "per-file-assume-gpu":
        for glob, gpu in value.items():
            if not isinstance(gpu, str):
                raise bad_config(path, f"{key}.{glob!r} must be a string, not {type_in_words(type(gpu))}")
    elif key == "severity":
        for rule, level in value.items():
            if level not in SEVERITIES:
                raise bad_config(
                    path, f"severity.{rule} = {said(level)} is not one of {', '.join(SEVERITIES)}"
                )
    elif key == "discounts":
        for cloud, share in value.items():
            _check_share(path, f"discounts.{cloud}", share)
    elif key in ("rules", "committed"):
        for name, inner in value.items():
            if not isinstance(inner, dict):
                raise bad_config(path, f"{key}.{name} must be a table, not {type_in_words(type(inner))}")
            if len(inner) > MOST_ENTRIES:
                raise bad_config(path, f"{key}.{name} has more than {MOST_ENTRIES:,} entries")
            if key == "committed":
                for gpu, rate in inner.items():
                    _check_rate(path, f"committed.{name}.{gpu!r}", rate)


def _check_share(path: str, where: str, value: Any) -> None:
    number = number_in(path, where, value)
    if not 0 <= number < 1:
        meant = f"{number:g} % is {number / 100:g}" if 1 <= number < 100 else "0.32 takes off 32 %"
        raise bad_config(path, f"{where} = {said(value)} must be at least 0 and less than 1", f"{meant}.")


def _check_rate(path: str, where: str, value: Any) -> None:
    if not 0 < number_in(path, where, value) <= DEAREST:
        allowed = f"must be more than 0 and at most {DEAREST:,.0f}"
        raise bad_config(path, f"{where} = {said(value)} {allowed}", "give dollars per GPU and hour.")


def number_in(path: str, where: str, value: Any) -> float:
    """A number within any bounds that could be meant. TOML has infinity, and numbers of any length."""
    if type(value) not in (int, float):
        raise bad_config(path, f"{where} must be a number, not {type_in_words(type(value))}")
    return float(value) if -LARGEST_NUMBER <= value <= LARGEST_NUMBER else float("nan")


def _check_words(path: str, key: str, value: Any) -> None:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise bad_config(path, f"{key} must be a list of strings")
    if len(value) > MOST_ENTRIES:
        raise bad_config(path, f"{key} has more than {MOST_ENTRIES:,} entries")
    if any("\0" in item for item in value):
        raise bad_config(path, f"{key}: a string holds a NUL")


def bad_config(path: str, message: str, hint: str | None = None) -> UserError:
    """What to raise for a config file that is wrong."""
    return UserError(
        "bad-config", f"{path}: {message}", hint or "`gpuspec config show --isolated` lists every setting."
    )


def near(word: str, words: Iterable[str]) -> str | None:
    """A hint where a word is nearly one of these."""
    if len(word) > 100:
        return None
    from difflib import get_close_matches

    known = list(words)
    spelled = (word.replace("_", "-"), word)
    found = [match for each in spelled for match in get_close_matches(each, known, n=1, cutoff=0.6)]
    return f"did you mean {found[0]!r}?" if found else None


def said(value: Any) -> str:
    """A value as Python writes it, cut where that is long."""
    import reprlib

    return "a huge number" if type(value) is int and abs(value) > LARGEST_NUMBER else reprlib.repr(value)


def type_in_words(kind: type) -> str:
    """What TOML calls a Python type."""
    words: dict[type, str] = {
        list: "a list",
        dict: "a table",
        str: "a string",
        bool: "true or false",
        int: "a whole number",
        float: "a number",
    }
    return words.get(kind, kind.__name__)
