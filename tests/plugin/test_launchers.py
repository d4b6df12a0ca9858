"""A plugin's launcher: asked through the commands, and guarded wherever it is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from installing import gpuspec, install

from gpuspec import Gpu, Offer, PriceSource, UserError, hookimpl
from gpuspec.cli.main import main
from gpuspec.launch import Outcome, Run, RunSettings
from gpuspec.launch.installed_launchers import find_launcher, launchers
from gpuspec.launch.records import Records
from gpuspec.testing import FakeLauncher, plugged

EMPTY = Path(__file__).parent
CARD = Gpu("TEST 24", "NVIDIA", "Ada", 24)
RUN = Run("abcdefghij", "job", "acme", "-", "/", "running", 1.0)


def brings(make: object, *, price: float = 0.2) -> SimpleNamespace:
    """A plugin with the launcher `acme`, and the one machine it runs jobs on."""
    source = PriceSource("acme", None, "a list", rentable=True)  # without a date none is old (GS507)
    offer = Offer("acme", None, "one", "TEST 24", 1, None, None, None, price, None, "acme", launcher="acme")
    elsewhere = offer._replace(cloud="else", price=0.3, launcher="skypilot", accelerator="TEST24")
    return SimpleNamespace(
        __name__="acme",
        gpuspec_gpus=hookimpl(lambda: [CARD]),
        gpuspec_offers=hookimpl(lambda: [(source, [offer, elsewhere])]),
        gpuspec_launchers=hookimpl(lambda: {"acme": make}),
    )


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "job.gpu.jsonc"
    path.write_text(
        '{"run": "true", "gpu_types": ["TEST 24"], "keep_alive_minutes": 3, "budget": {"max_hours": 1}}'
    )
    return path


def fake() -> FakeLauncher:
    return FakeLauncher("acme", Outcome("succeeded", 0))


def command(*arguments: str) -> tuple[int, str]:
    with CliRunner().isolation() as (out, err, *_):
        status = main(list(arguments))
        return status, (out.getvalue() + err.getvalue()).decode()


@pytest.mark.parametrize("on", [("--on", "acme"), ()], ids=["named", "cheapest"])
def test_it_is_given_the_plan_of_what_it_can_run_on(spec: Path, on: tuple[str, ...]) -> None:
    made = fake()
    with plugged(brings(lambda: made)):
        status, said = command("run", str(spec), *on, "--yes")
        assert status == 0, said
        assert [name for name, _ in made.calls] == ["check", "launch"]
        assert [candidate.offer.cloud for candidate in made.plans[0].candidates] == ["acme"]
        run = Records().all()[0]
        assert (run.launcher, run.planned_price, run.max_hours, run.state) == ("acme", 0.2, 1.0, "succeeded")


def test_that_nobody_looks_how_much_its_gpus_are_used_is_said(spec: Path) -> None:
    spec.write_text(spec.read_text()[:-1] + ', "min_utilization": {"gpu": 30, "then": "end"}}')
    with plugged(brings(fake)):
        status, said = command("run", str(spec), "--on", "acme", "--yes")
    assert (status, "min_utilization: acme does not look how much the GPUs are used" in said) == (0, True), (
        said
    )


def test_another_one_is_not_given_its_offers(spec: Path) -> None:
    made = fake()
    with plugged(brings(lambda: made)):
        status, said = command("export", str(spec))
        assert (status, "infra: else" in said, "acme" in said) == (0, True, False), said
    with plugged(brings(lambda: made, price=0.4)):
        said = command("run", str(spec), "--dry-run")[1]
    assert made.calls == []
    assert "acme" not in said


def test_the_question_and_the_end_say_whose_machine_it_is(spec: Path) -> None:
    made = fake()
    made.rents = False
    with plugged(brings(lambda: made)):
        assert "Run it on acme, at $0.20/h?" in command("run", str(spec))[1]
        command("run", str(spec), "--yes")
        assert "its machine is gone" not in command("down", "job")[1]
        made.rents = True
        assert "its machine is gone" in command("down", "job")[1]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (["acme"], "gpuspec_launchers returned list, not a dict"),
        ({"local": fake}, "the launcher 'local' is there already"),
        ({"acme": "gpuspec_acme"}, "gpuspec_launchers: 'acme' is no name with a function"),
        ({7: fake}, "gpuspec_launchers: 7 is no name with a function"),
    ],
)
def test_what_the_hook_may_not_give(answer: object, said: str) -> None:
    def ask() -> None:
        with plugged(SimpleNamespace(gpuspec_launchers=hookimpl(lambda: answer))):
            assert set(launchers()) == {"skypilot", "local"}

    with pytest.raises(AssertionError) as caught:
        ask()
    assert said in str(caught.value)


def raises(*_: object, **__: object) -> Any:
    raise ValueError("no licence")


def leaves(*_: object, **__: object) -> Any:
    raise SystemExit(4)


def hangs(*_: object, **__: object) -> Any:
    while True:
        pass


CALLS: dict[str, Callable[[Any], Any]] = {
    "check": lambda it: it.check(None, None, None),
    "describe": lambda it: it.describe(None, None, None),
    "launch": lambda it: it.launch(None, None, RunSettings("-", "/"), None),
    "state": lambda it: it.state(RUN),
    "logs": lambda it: it.logs(RUN, follow=False),
    "stop": lambda it: it.stop(RUN),
    "down": lambda it: it.down(RUN),
    "attach": lambda it: it.attach(RUN, say=print),
    "strays": lambda it: it.strays(),
    "remove": lambda it: it.remove("one"),
}


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize("fault", [raises, leaves])
def test_what_it_raises_is_the_plugin_s_fault(method: str, fault: Callable[..., Any]) -> None:
    made = fake()
    setattr(made, method, fault)
    with plugged(brings(lambda: made)), pytest.raises(UserError) as caught:
        CALLS[method](find_launcher("acme"))
    assert (caught.value.code, caught.value.status) == ("plugin-launcher", 3)
    assert caught.value.message.startswith(f"the launcher 'acme' of plugin acme failed: {method} raised ")


@pytest.mark.parametrize(
    ("method", "wanted"),
    [
        ("describe", "text"),
        ("launch", "an Outcome with a State"),
        ("state", "a Run"),
        ("logs", "a number"),
        ("stop", "a Run"),
        ("down", "a Run"),
        ("strays", "a tuple of Stray"),
    ],
)
def test_what_it_returns_is_looked_at(method: str, wanted: str) -> None:
    made = fake()
    for wrong in (None, [1], Outcome("done")):  # type: ignore[arg-type]
        setattr(made, method, lambda *_, wrong=wrong, **__: wrong)
        with plugged(brings(lambda: made)), pytest.raises(UserError) as caught:
            CALLS[method](find_launcher("acme"))
        assert f"{method} returned {type(wrong).__name__}, not {wanted}" in caught.value.message


def test_its_own_word_to_the_user_passes() -> None:
    def says(*_: object) -> None:
        raise UserError("acme-closed", "Acme is closed", "come back at nine")

    made = fake()
    made.check = says  # type: ignore[method-assign]
    with plugged(brings(lambda: made)), pytest.raises(UserError, match="Acme is closed"):
        CALLS["check"](find_launcher("acme"))


@pytest.mark.parametrize("method", ["check", "describe", "state", "strays"])
def test_one_that_never_answers_is_ended(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPUSPEC_RULE_SECONDS", "0.05")
    made = fake()
    setattr(made, method, hangs)
    with plugged(brings(lambda: made)), pytest.raises(UserError, match="RuleTimeout: stopped after 0"):
        CALLS[method](find_launcher("acme"))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (raises, "its function raised ValueError: no licence"),
        (object, "object has no attach, check, describe, down, launch, logs, remove, state, stop, strays"),
    ],
)
def test_one_that_cannot_be_made(make: object, said: str) -> None:
    with plugged(brings(make)), pytest.raises(UserError) as caught:
        find_launcher("acme")
    assert said in caught.value.message


def test_ps_and_reap_go_on_beside_a_broken_one(spec: Path) -> None:
    made = fake()
    made.state = raises  # type: ignore[method-assign]
    made.strays = raises  # type: ignore[method-assign]
    Records().new(name="theirs", launcher="acme", spec_path="-", workdir="/")
    Records().new(name="gone", launcher="removed", spec_path="-", workdir="/")
    Records().new(name="mine", launcher="local", spec_path="-", workdir="/")
    with plugged(brings(lambda: made)):
        status, said = command("ps", "--json")
        runs = {run["name"]: run["message"] for run in json.loads(said)["runs"]}
        assert status == 0
        assert (
            "the launcher 'acme' of plugin acme failed: state raised ValueError: no licence" in runs["theirs"]
        )
        assert "there is no launcher 'removed'" in runs["gone"]
        assert runs["mine"] == ""
        status, said = command("reap", "--yes")
    assert (status, "acme cannot be asked for its machines" in said) == (1, True), said
    assert "(gone) cannot be asked: there is no launcher 'removed'" in said


def test_no_plugin_is_asked_for_our_own_launchers() -> None:
    asked: list[int] = []
    hook = hookimpl(lambda: asked.append(1) or {})
    with plugged(SimpleNamespace(gpuspec_launchers=hook)):
        assert find_launcher("local").name == "local"
        assert not asked
        with pytest.raises(UserError, match="there is no launcher 'acme'"):
            find_launcher("acme")
        assert asked == [1]


def test_its_name_is_shown_completed_and_told_when_misspelled(tmp_path: Path) -> None:
    install(
        tmp_path,
        "acme",
        "from gpuspec import hookimpl\n@hookimpl\ndef gpuspec_launchers():\n    return {'acme': None.real}\n".replace(
            "None.real", "print"
        ),
    )
    (tmp_path / "job.gpu.jsonc").write_text('{"run": "true"}')
    assert "[skypilot|local|acme]" in gpuspec("run", "--help", path=tmp_path, cwd=tmp_path).stdout
    words = {"_GPUSPEC_COMPLETE": "bash_complete", "COMP_WORDS": "gpuspec run --on ac", "COMP_CWORD": "3"}
    assert gpuspec(path=tmp_path, cwd=tmp_path, **words).stdout == "plain,acme\n"
    done = gpuspec("run", "job.gpu.jsonc", "--on", "acem", path=tmp_path, cwd=tmp_path)
    assert done.returncode == 2
    assert "error[unknown-launcher]: there is no launcher 'acem'" in done.stderr
    assert "did you mean acme? choose one of: acme, local, skypilot" in done.stderr
