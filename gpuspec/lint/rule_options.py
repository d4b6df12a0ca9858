"""Options of rules, as a config file gives them."""

from collections.abc import Mapping
from typing import Any

from gpuspec.lint.config_file import LARGEST_NUMBER, bad_config, near, said, type_in_words
from gpuspec.lint.deferred import loaded
from gpuspec.lint.registry import Registry
from gpuspec.lint.rule import Option, Rule


def rule_options(path: str, given: Mapping[str, Any], registry: Registry) -> dict[str, dict[str, Any]]:
    """Rule name → option → value. Raises UserError `bad-config`."""
    checked: dict[str, dict[str, Any]] = {}
    for word, options in given.items():
        entry = registry.find(word)
        if entry is None:
            if registry.problems:
                continue
            names = [rule.rule.name for rule in registry.rules]
            raise bad_config(path, f"[rules.{word}]: no rule has this name", near(word, names))
        checked[entry.rule.name] = {
            name: _option(path, loaded(entry.rule), name, value) for name, value in options.items()
        }
    return checked


def _option(path: str, rule: Rule, name: str, value: Any) -> Any:
    option = next((option for option in rule.options if option.name == name), None)
    where = f"[rules.{rule.name}] {name}"
    if option is None:
        names = [option.name for option in rule.options]
        there = f"its options: {', '.join(names)}." if names else "it has none."
        raise bad_config(path, f"{where}: {rule.name} has no such option", near(name, names) or there)
    fault = _fault(option, value)
    if fault:
        raise bad_config(path, f"{where} = {said(value)}: {fault}", option.help)
    return float(value) if option.type is float else value


def _fault(option: Option, value: Any) -> str | None:
    allowed = (int, float) if option.type is float else (option.type,)
    if type(value) not in allowed:
        return f"must be {type_in_words(option.type)}"
    if value != value:
        return "is no number"
    if type(value) in (int, float) and not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
        return "must be between −2⁵³ and 2⁵³"
    if option.type is list and not all(isinstance(item, str) for item in value):
        return "must be a list of strings"
    if option.minimum is not None and value < option.minimum:
        return f"must be at least {option.minimum}"
    if option.maximum is not None and value > option.maximum:
        return f"must be at most {option.maximum}"
    return None
