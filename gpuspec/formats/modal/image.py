"""A Modal image: the chain of calls that builds it."""

import ast
from collections.abc import Sequence

from gpuspec.commands.python.expressions import dotted
from gpuspec.commands.python.file import tail
from gpuspec.formats.modal.apps import App
from gpuspec.named_tuple import NamedTuple

_PIP = ("pip_install", "uv_pip_install")
_DEPTH = 100


class Built(NamedTuple):
    """What an image has. `steps` are the commands that install packages, each with the call it is read from."""

    base: tuple[str, ast.expr] | None = None
    steps: tuple[tuple[str, ast.expr], ...] = ()
    env: tuple[tuple[str, str, ast.expr], ...] = ()


def image_of(app: App, given: ast.expr | None) -> Built:
    """The image that a function names, else that of its app."""
    node = given if given is not None else _of_app(app)
    calls = _chain(node, _assigned(app.statements)) if node is not None else []
    calls.reverse()
    base: tuple[str, ast.expr] | None = None
    steps: list[tuple[str, ast.expr]] = []
    env: list[tuple[str, str, ast.expr]] = []
    text = app.constants.text
    for call in calls:
        last = tail(call.func)[1]
        if last in ("from_registry", "from_dockerhub", "from_aws_ecr", "from_gcp_artifact_registry"):
            tag = (
                call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == "tag"), None)
            )
            name = text(tag)
            base = (name, tag) if name and tag is not None else None
        elif last in _PIP:
            packages = [text(each) for argument in call.args for each in _listed(argument, app)]
            named = [each for each in packages if each and "\n" not in each]
            if named:
                steps.append((f"pip install {' '.join(_quoted(each) for each in named[:200])}", call))
        elif last == "run_commands":
            lines = [text(each) for argument in call.args for each in _listed(argument, app)]
            steps += [(line, call) for line in lines[:200] if line]
        elif last == "env" and call.args:
            for name, value in app.constants.pairs(call.args[0]).items():
                known = app.constants.text(value)
                if known is not None:
                    env.append((name, known, value))
    return Built(base, tuple(steps), tuple(env))


def _quoted(requirement: str) -> str:
    return requirement if all(sign not in requirement for sign in "<>[]; '&|$`") else f"'{requirement}'"


def _listed(node: ast.expr, app: App) -> Sequence[ast.expr]:
    followed = app.constants.followed(node)
    return followed.elts if isinstance(followed, (ast.List, ast.Tuple)) else (node,)


def _of_app(app: App) -> ast.expr | None:
    """`modal.App(image=image)`."""
    for call in app.calls:
        if tail(call.func)[1] in ("App", "Stub"):
            found = next((k.value for k in call.keywords if k.arg == "image"), None)
            if found is not None:
                return found
    for statement in app.statements:  # older: `stub.image = …`
        if isinstance(statement, ast.Assign) and dotted(statement.targets[0]).endswith(".image"):
            return statement.value
    return None


def _assigned(statements: Sequence[ast.stmt]) -> dict[str, list[ast.expr]]:
    """Every value that names of the module are given, in order."""
    found: dict[str, list[ast.expr]] = {}
    for statement in statements:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            found.setdefault(statement.targets[0].id, []).append(statement.value)
    return found


def _chain(node: ast.expr | None, assigned: dict[str, list[ast.expr]]) -> list[ast.Call]:
    """The calls that build an image, the last one first."""
    calls: list[ast.Call] = []
    left = {name: list(values) for name, values in assigned.items()}
    for _ in range(_DEPTH):
        if isinstance(node, ast.Call):
            calls.append(node)
            node = node.func
        elif isinstance(node, ast.Attribute):
            node = node.value
        elif isinstance(node, ast.Name) and left.get(node.id):
            node = left[node.id].pop()  # `image = image.pip_install(…)` goes on with the value before
        else:
            break
    return calls
