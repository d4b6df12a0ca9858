"""What plugins bring is merged in one way, and one plugin's fault is no other's."""

from __future__ import annotations

from types import SimpleNamespace

import pluggy
import pytest

from gpuspec.plugin.load import Plugins, hookimpl
from gpuspec.plugin.merge import merged

OWN = {"json": 1}


def asked(**plugins: object) -> Plugins:
    installed = Plugins()
    for name, answer in plugins.items():
        hook = answer if callable(answer) else lambda answer=answer: answer
        installed.add(name, SimpleNamespace(gpuspec_reporters=hookimpl(hook)))
    return installed


def merge(installed: Plugins, **more: object) -> dict[object, object]:
    def fault(name: object, value: object) -> str | None:
        return None if isinstance(value, int) and value < 10 else f"{name!r} is {value!r}"

    return dict(merged("gpuspec_reporters", OWN, fault, what="format", installed=installed, **more))  # type: ignore[arg-type]


def said(installed: Plugins) -> list[tuple[str, str]]:
    return [(fault.plugin, fault.message) for fault in installed.broken]


def test_without_plugins_it_is_our_own_table() -> None:
    installed = Plugins()
    assert merged("gpuspec_reporters", OWN, lambda *_: "never", what="format", installed=installed) is OWN


def test_what_is_wrong_is_left_out_and_said_once() -> None:
    installed = asked(a={"csv": 2, "json": 3, "tsv": 12}, b={"csv": 4, "xml": 5, "text": 6}, c=["csv"])
    for _ in range(2):
        assert merge(installed, reserved=("text",)) == {"json": 1, "csv": 2, "xml": 5}
    assert said(installed) == [
        ("a", "gpuspec_reporters: the format 'json' is there already"),
        ("a", "gpuspec_reporters: 'tsv' is 12"),
        ("b", "gpuspec_reporters: the format 'csv' is there already"),
        ("b", "gpuspec_reporters: the format 'text' is there already"),
        ("c", "gpuspec_reporters returned list, not a dict"),
    ]


def test_an_entry_that_raises_costs_that_entry() -> None:
    class Odd:
        def __lt__(self, other: object) -> bool:
            raise SystemExit("no licence")

    class Number(Odd, int):
        pass

    installed = asked(a={"csv": Number(2), "xml": 3}, b={"tsv": 4})
    assert merge(installed) == {"json": 1, "xml": 3, "tsv": 4}
    assert said(installed) == [("a", "gpuspec_reporters: csv raised SystemExit: no licence")]


def test_a_list_is_merged_by_the_names_of_its_items() -> None:
    installed = asked(a=[2, 1, 11], b=(3,), c={"csv": 4})
    assert merge(installed, name_of=lambda item: {1: "JSON", 2: "csv"}.get(item), same=str) == {
        "json": 1,
        "JSON": 1,
        "csv": 2,
        "None": 3,
    }
    assert said(installed) == [
        ("a", "gpuspec_reporters: None is 11"),
        ("c", "gpuspec_reporters returned dict, not a list"),
    ]
    folded = asked(a=[1])
    assert merge(folded, name_of=lambda _: "JSON", same=str.lower, label="x ") == OWN
    assert said(folded) == [("a", "x the format 'JSON' is there already")]


def test_what_is_kept_may_be_made() -> None:
    installed = asked(a={"csv": 2})
    assert merge(installed, keep=lambda plugin, name, value: (plugin, name, value)) == {
        "json": 1,
        "csv": ("a", "csv", 2),
    }


def test_each_implementation_is_asked_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    def raises() -> dict[str, int]:
        print("before it fails")
        raise ValueError("no licence")

    installed = asked(a={"csv": 2}, b=raises, c={"xml": 3})
    assert merge(installed) == {"json": 1, "csv": 2, "xml": 3}
    assert said(installed) == [("b", "gpuspec_reporters raised ValueError: no licence")]
    out, err = capsys.readouterr()
    assert (out, err) == ("", "plugin b prints: before it fails\n")


def test_the_order_that_pluggy_knows_is_kept() -> None:
    mark = pluggy.HookimplMarker("gpuspec")
    installed = Plugins()
    for name, options in (("a", {"trylast": True}), ("b", {}), ("c", {}), ("d", {"tryfirst": True})):
        hook = mark(lambda name=name: {name: 1}, **options)
        installed.add(name, SimpleNamespace(gpuspec_reporters=hook))
    assert [plugin for plugin, _ in installed.ask("gpuspec_reporters")] == ["d", "b", "c", "a"]


def test_a_module_counts_once() -> None:
    module = SimpleNamespace(gpuspec_reporters=hookimpl(lambda: {"csv": 2}))
    installed = Plugins()
    installed.add("a", module)
    installed.add("b", module)
    assert merge(installed) == {"json": 1, "csv": 2}
    assert [plugin for plugin, _ in said(installed)] == ["b"]
