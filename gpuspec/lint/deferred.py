"""Built-in rules are loaded when they are first asked: sixty modules cost 10 ms, at every commit."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from gpuspec.lint.rule import Rule


class BuiltIn:
    """A row of the table in `gpuspec/rules/__init__.py`, which stands for its rule, and finds it by its code in
    `module` on demand.

    `when` names what a spec must have for the rule to have anything to say, any one of it (see
    `Facts.has`); empty: it may always. `scripts`: whether the rule reads scripts; `saves`: whether what it finds
    may name money that is saved (a bill asks these alone). The rest is as in `Rule`."""

    __slots__ = (
        "_module",
        "_rule",
        "asks_for",
        "code",
        "name",
        "needs",
        "preview",
        "saves",
        "scripts",
        "when",
    )

    def __init__(
        self,
        code: str,
        name: str,
        module: str,
        *,
        needs: Literal["job", "tree", "script", "suppressions"] = "job",
        preview: bool = False,
        scripts: bool = False,
        saves: bool = False,
        when: tuple[str, ...] = (),
        asks_for: tuple[str, ...] = (),
    ) -> None:
        self.code = code
        self.name = name
        self.needs = needs
        self.preview = preview
        self.scripts = scripts
        self.saves = saves
        self.when = when
        self.asks_for = asks_for
        self._module = module
        self._rule: Rule | None = None

    @property
    def rule(self) -> "Rule":
        """The rule itself."""
        if self._rule is None:
            there = vars(import_module(self._module)).values()
            self._rule = next(
                value()
                for value in there
                if isinstance(value, type) and getattr(value, "code", "") == self.code
            )
        return self._rule

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self.rule, attribute)


def loaded(rule: "Rule | BuiltIn") -> "Rule":
    """The rule, loaded."""
    return rule.rule if isinstance(rule, BuiltIn) else rule
