"""What plugins bring, merged with what is gpuspec's own.

An entry of gpuspec is never replaced. An entry of a plugin that is wrong, or whose name is taken, is left out. That
is said once, with the plugin's name, and the other entries of the same plugin stay.
"""

from collections.abc import Callable, Container, Mapping
from typing import Any, TypeVar

from gpuspec.plugin.load import Plugins, plugins, said

Value = TypeVar("Value")


def merged(
    hook: str,
    own: Mapping[Any, Value],
    fault: Callable[[Any, Any], str | None],
    *,
    what: str,
    reserved: Container[Any] = (),
    name_of: Callable[[Any], Any] | None = None,
    same: Callable[[Any], Any] | None = None,
    keep: Callable[[str, Any, Any], Value] | None = None,
    label: str | None = None,
    installed: Plugins | None = None,
) -> Mapping[Any, Value]:
    """`own` with what the plugins' `hook` adds, in the order of the plugins; `own` itself where none adds anything.

    - `fault(name, value)` says what is wrong with an entry, None if nothing.
    - `what` is the word for an entry: "the launcher 'acme' is there already".
    - `reserved` are names that are taken besides those of `own`.
    - `name_of`: the hook returns a list, and this gives the name of an item (any object) or None. Without it the hook
      returns a dict of names and values.
    - `same`, such as `str.lower`: names are one where it makes them equal; the keys of `own` and of the result are
      what it gives.
    - `keep(plugin, name, value)` makes what is kept of an entry.
    - `label` stands before each complaint about an entry (default: the hook and a colon).
    - `installed` are the plugins to ask (default: those of this process).
    """
    asked = plugins() if installed is None else installed
    answers = asked.ask(hook)
    if not answers:
        return own
    found = dict(own)
    label = f"{hook}: " if label is None else label

    def add(plugin: str, name: Any, value: Any) -> str | None:
        wrong = fault(name, value)
        if wrong:
            return wrong
        key = same(name) if same else name
        if key in found or key in reserved:
            return f"the {what} {' '.join(name) if isinstance(name, tuple) else name!r} is there already"
        found[key] = keep(plugin, name, value) if keep else value
        return None

    wanted: type[Any] | tuple[type[Any], ...] = (list, tuple) if name_of else dict
    for plugin, answer in answers:
        if not isinstance(answer, wanted):
            kind = "list" if name_of else "dict"
            asked.complain(plugin, f"{hook} returned {type(answer).__name__}, not a {kind}")
            continue
        with asked.guarded(plugin, f"{hook} raised"):
            for entry in answer:
                name = None if name_of else entry
                try:
                    name = name_of(entry) if name_of else entry
                    wrong = add(plugin, name, entry if name_of else answer[entry])
                except (Exception, SystemExit) as error:  # what a plugin gives may raise when it is looked at
                    wrong = f"{name if isinstance(name, str) else 'an entry'} raised {said(error)}"
                if wrong:
                    asked.complain(plugin, label + wrong)
    return found
