"""gpuspec.testing: what it lets pass, and what it does not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from gpuspec import (
    DownloadStrategy,
    Gpu,
    Model,
    Offer,
    PriceSource,
    Report,
    Rule,
    Tool,
    hookimpl,
    resolve_gpu,
    resolve_model,
)
from gpuspec.job import check
from gpuspec.job.strategies import names
from gpuspec.plugin.installed_catalog import installed_catalog
from gpuspec.report import render
from gpuspec.rules.spec.deprecated_name import DeprecatedName
from gpuspec.testing import (
    check_golden,
    fake_catalog,
    fake_launcher,
    golden_cases,
    lint_text,
    plugged,
    workload_of,
)
from gpuspec.text import parse
from gpuspec.workload.readers import readers

CARD = Gpu("TEST 24", "NVIDIA", "Ada", 24, aliases=(("old", "tester"),))
OFFER = Offer("here", None, "one", "TEST 24", 1, None, None, None, 1.5, None, "test")
MODEL = Model("acme/tiny", params_b=1.5, aliases=("tiny-acme",))


SERVE = Tool("vllm", "serve", {"weights": "model_name:name", "tp": "tensor_parallel:int"})
TRAIN = Tool("hf-trainer", "train", {"size": "batch:int"})


class Loud(Rule):
    """Finds every job."""

    code = "LOUD1"
    name = "loud"
    severity = "info"

    def check(self, facts):  # type: ignore[no-untyped-def]
        if facts.job.run != "quiet":
            yield self.finding(facts.job.pointer("run"), f"{facts.job.run} runs")


def test_a_fake_catalogue_is_all_there_is_and_then_gone() -> None:
    before = (resolve_gpu("L4"), resolve_model("Qwen/Qwen2.5-7B-Instruct"), installed_catalog().offers())
    with fake_catalog(gpus=[CARD], models=[MODEL], offers=[OFFER]):
        assert resolve_gpu("tester").gpu == CARD
        assert resolve_gpu("L4").gpu is None
        assert resolve_model("tiny-acme").model.id == "acme/tiny"  # type: ignore[union-attr]
        assert resolve_model("Qwen/Qwen2.5-7B-Instruct").model is None
        assert installed_catalog().offers() == (OFFER,)
        assert [(source.name, source.as_of) for source in installed_catalog().price_sources] == [
            ("test", "2026-01-01")
        ]
    assert (
        resolve_gpu("L4"),
        resolve_model("Qwen/Qwen2.5-7B-Instruct"),
        installed_catalog().offers(),
    ) == before
    with fake_catalog(offers=[]):
        assert installed_catalog().offers() == ()
        assert resolve_gpu("L4") == before[0]


def plugin(**hooks: object) -> SimpleNamespace:
    def made(value: object) -> object:
        return hookimpl(lambda: value)

    return SimpleNamespace(**{f"gpuspec_{name}": made(value) for name, value in hooks.items()})


def test_each_hook_in_use() -> None:
    source = PriceSource("ours", "2026-02-02", "a list", rentable=True)
    with plugged(
        plugin(
            gpus=[CARD],
            models=[MODEL],
            offers=[(source, [OFFER])],
            reporters={"count": lambda report: f"{len(report.files)} files\n"},
            download_strategies={"depot": DownloadStrategy("true")},
            workload_readers={("acme", "serve"): SERVE, ("acme_train.py",): TRAIN},
        )
    ):
        assert "depot" in names()
        assert workload_of('{"run": "acme serve --weights big/one --tp=2"}')[2:6] == (
            "vllm",
            None,
            None,
            "big/one",
        )
        assert workload_of('{"run": "torchrun --nproc-per-node 2 src/acme_train.py --size 7"}').batch == 7
        assert resolve_gpu("tester").gpu == CARD
        assert resolve_gpu("L4").gpu is not None
        assert resolve_model("tiny-acme").model == MODEL
        assert installed_catalog().offers("ours") == (OFFER._replace(source="ours"),)
        assert render("count", Report(("a", "b"), ())) == "2 files\n"
    assert resolve_gpu("tester").gpu is None
    with pytest.raises(KeyError):
        render("count", Report((), ()))


def test_strategies_in_a_spec() -> None:
    """A plugin's name passes; beside it what is wrong is still found, and a typo is told the nearest name."""
    spec = '{"run": "x", "downloads": [{"strategy": "%s", "source": "a"%s}]}'
    with plugged(plugin(download_strategies={"depot": DownloadStrategy("true")})):
        assert problems(spec % ("depot", "")) == []
        assert problems(spec % ("http", "")) != []
        assert "there is no field `downloads[0].souce`" in problems(spec % ("depot", ', "souce": 1'))[0]
        wrong = problems(spec % ("depto", ""))
        assert "`civitai`, `script`, `depot`. Did you mean `depot`?" in wrong[0]
        old = '{"run": "x", "download": [{"strategy": "depot", "source": "a"}], "downloads": [1]}'
        assert "`downloads[0]` is 1" in problems(old)[0]
    assert "`civitai`, `script`" in problems(spec % ("depot", ""))[0]


def problems(text: str) -> list[str]:
    return [problem.message for problem in check(parse(text))]


def test_no_plugin_is_asked_for_strategies_of_our_own() -> None:
    asked = []
    hook = hookimpl(lambda: asked.append(1) or {})
    with plugged(SimpleNamespace(gpuspec_download_strategies=hook)):
        assert problems('{"run": "x", "downloads": [{"strategy": "hf", "source": "a/b"}]}') == []
        assert not asked
        problems('{"run": "x", "downloads": [{"strategy": "depot", "source": "a/b"}]}')
        assert asked == [1]


@pytest.mark.parametrize(
    ("hooks", "said"),
    [
        ({"gpus": "L4"}, "gpuspec_gpus returned str, not a list"),
        ({"gpus": ["L4"]}, "gpuspec_gpus: 'L4' is no Gpu"),
        ({"gpus": [CARD, CARD]}, "'TEST 24' is there already"),
        ({"gpus": [CARD._replace(vram_gb=-1)]}, "vram_gb is -1"),
        ({"gpus": [CARD._replace(name="")]}, "without a name"),
        ({"models": [MODEL._replace(params_b="7B")]}, "params_b is '7B'"),
        ({"models": [MODEL._replace(id="Llama-2-7B")]}, "is there already"),
        ({"offers": [OFFER]}, "pairs of a PriceSource and its offers"),
        ({"offers": [(PriceSource("x", None, "", True), [OFFER])]}, "the GPU 'TEST 24', which nobody knows"),
        ({"offers": [(PriceSource("x", None, "", True), ["free"])]}, "which is no Offer"),
        (
            {"gpus": [CARD], "offers": [(PriceSource("x", None, "", True), [OFFER._replace(price="1")])]},
            "no price",
        ),
        (
            {"gpus": [CARD], "offers": [(PriceSource("x", None, "", True), [OFFER._replace(owned=True)])]},
            "is owned, but machines of skypilot go: name its launcher",
        ),
        ({"reporters": ["csv"]}, "gpuspec_reporters returned list, not a dict"),
        ({"reporters": {"json": len}}, "the format 'json' is there already"),
        ({"reporters": {"csv": "text"}}, "'csv' is no name with a function"),
        ({"rule": []}, "there is no hook 'gpuspec_rule'"),
        ({"download_strategies": ["depot"]}, "gpuspec_download_strategies returned list, not a dict"),
        ({"download_strategies": {"hf": DownloadStrategy("true")}}, "the strategy 'hf' is there already"),
        ({"download_strategies": {"Depot!": DownloadStrategy("true")}}, "'Depot!' is no name of a strategy"),
        ({"download_strategies": {"depot": "true"}}, "'depot' gave 'true', which is no DownloadStrategy"),
        ({"download_strategies": {"depot": DownloadStrategy(" ")}}, "its script is ' ', not the text of one"),
        ({"workload_readers": [SERVE]}, "gpuspec_workload_readers returned list, not a dict"),
        ({"workload_readers": {"acme": SERVE}}, "'acme' is not the beginning of a command"),
        ({"workload_readers": {("vllm", "serve"): SERVE}}, "the program 'vllm serve' is there already"),
        ({"workload_readers": {("torchrun",): SERVE}}, "the program 'torchrun' is there already"),
        ({"workload_readers": {("acme",): "vllm"}}, "'acme' gave 'vllm', which is no Tool"),
        ({"workload_readers": {("acme",): Tool(7)}}, "'acme': engine is 7, not a name"),
        ({"workload_readers": {("acme",): Tool("x", "dance")}}, "'acme': task is 'dance'"),
        ({"workload_readers": {("acme",): Tool("x", None, ["a"])}}, "flags, implies and translate"),
        ({"workload_readers": {("acme",): Tool("x", None, {"--a": "-"})}}, "the flag '--a' is written 'a'"),
        ({"workload_readers": {("acme",): Tool("x", None, {"a": 1})}}, "the flag 'a' means 1; both are text"),
        (
            {"workload_readers": {("acme",): Tool("x", None, {"a": "modle:name"})}},
            "a Workload has no 'modle'",
        ),
        (
            {"workload_readers": {("acme",): Tool("x", None, {"a": "context:name"})}},
            "context holds int, not str",
        ),
        (
            {"workload_readers": {("acme",): Tool("x", None, {"a": "context=4096"})}},
            "context holds int, not str",
        ),
        (
            {"workload_readers": {("acme",): Tool("x", None, {"a": "origins:name"})}},
            "has no 'origins' that can be",
        ),
        (
            {"workload_readers": {("acme",): Tool("x", implies={"context": "big"})}},
            "context holds int, not str",
        ),
        ({"workload_readers": {("acme",): Tool("x", positional="context")}}, "context holds int, not str"),
        (
            {"workload_readers": {("acme",): Tool("x", translate={"quant": "a"})}},
            "flags, implies and translate",
        ),
        ({"workload_readers": {("acme",): Tool("x", config="config")}}, "config is 'config', not a tuple"),
        ({"workload_readers": {("acme",): Tool("x", starts=True)}}, "it cannot start another program"),
        ({"workload_readers": {("acme",): Tool("x", None, {"a": "context:itn"})}}, "did you mean int?"),
        ({"workload_readers": {("acme",): Tool("x", implies={"size": 1})}}, "a Workload has no 'size'"),
    ],
)
def test_what_a_hook_may_not_give(hooks: dict[str, object], said: str) -> None:
    from gpuspec.report import reporters

    def use() -> None:
        with plugged(plugin(**hooks)):
            resolve_gpu("L4")
            resolve_model("x")
            installed_catalog().offers()
            reporters()
            names()
            readers()

    with pytest.raises(AssertionError) as caught:
        use()
    assert said in str(caught.value)


def test_a_format_that_fails_is_named() -> None:
    from gpuspec.errors import UserError

    with plugged(plugin(reporters={"bad": lambda report: 1 / 0, "odd": lambda report: 3})):
        for name, said in (("bad", "ZeroDivisionError"), ("odd", "gave int, not text")):
            with pytest.raises(UserError) as caught:
                render(name, Report((), ()))
            assert (caught.value.code, caught.value.status) == ("plugin-format", 3)
            assert said in caught.value.message


def test_golden_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = tmp_path / "bad.gpu.jsonc", tmp_path / "good.gpu.jsonc"
    bad.write_text('{"run": "loudly"}')
    good.write_text('{"run": "quiet"}')
    (tmp_path / "test_x.py").touch()
    assert golden_cases(tmp_path) == [str(bad), str(good)]
    with pytest.raises(AssertionError, match="GPUSPEC_UPDATE_GOLDEN=1 writes it"):
        check_golden(bad, [Loud])
    monkeypatch.setenv("GPUSPEC_UPDATE_GOLDEN", "1")
    check_golden(bad, [Loud])
    monkeypatch.delenv("GPUSPEC_UPDATE_GOLDEN")
    assert (tmp_path / "bad.gpu.out").read_text() == "1:9: LOUD1 loud loudly runs\n"
    assert golden_cases(tmp_path) == [str(bad), str(good)]
    check_golden(good, [Loud])
    bad.write_text('{"run": "otherwise"}')
    with pytest.raises(AssertionError, match="LOUD1 loud loudly runs"):
        check_golden(bad, [Loud])
    good.write_text('{"run": "loudly"}')
    with pytest.raises(AssertionError, match="should give no finding"):
        check_golden(good, [Loud])


def test_golden_files_hold_the_fixed_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, fixed = tmp_path / "bad.gpu.jsonc", tmp_path / "bad.gpu.fixed"
    bad.write_text('{"gpu_types": ["Quadro RTX A6000"]}')
    rule = DeprecatedName
    monkeypatch.setenv("GPUSPEC_UPDATE_GOLDEN", "1")
    check_golden(bad, [rule])
    assert fixed.read_text() == '{"gpu_types": ["RTX A6000"]}'
    monkeypatch.delenv("GPUSPEC_UPDATE_GOLDEN")
    check_golden(bad, [rule])
    assert golden_cases(tmp_path) == [str(bad)]
    fixed.write_text('{"gpu_types": ["RTX A5000"]}')
    with pytest.raises(AssertionError, match="RTX A5000"):
        check_golden(bad, [rule])
    fixed.unlink()
    with pytest.raises(AssertionError, match=r"bad.gpu.fixed is not there"):
        check_golden(bad, [rule])


def test_a_fixed_text_without_a_fix_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.gpu.jsonc").write_text('{"run": "loudly"}')
    (tmp_path / "bad.gpu.out").write_text("1:9: LOUD1 loud loudly runs\n")
    (tmp_path / "bad.gpu.fixed").write_text('{"run": "quietly"}')
    with pytest.raises(AssertionError, match="has no fix"):
        check_golden(tmp_path / "bad.gpu.jsonc", [Loud])


@pytest.mark.parametrize(("state", "status"), [("succeeded", 0), ("failed", 1), ("interrupted", 130)])
def test_a_fake_launcher_runs_nothing(
    state: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gpuspec.cli.main import main

    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    spec = tmp_path / "job.gpu.jsonc"
    spec.write_text('{"run": "touch ran"}')
    with fake_launcher("local", state=state) as fake, CliRunner().isolation():  # type: ignore[arg-type]
        assert main(["run", str(spec), "--on", "local", "--yes"]) == status
    assert [name for name, _ in fake.calls] == ["check", "launch"]
    assert len(fake.plans) == 1
    assert not (tmp_path / "ran").exists()


def test_a_rule_that_raises_fails_its_test() -> None:
    class Broken(Loud):
        """Raises."""

        def check(self, facts):  # type: ignore[no-untyped-def]
            raise ValueError("no licence")

    with pytest.raises(ValueError, match="no licence"):
        lint_text('{"run": "x"}', [Broken])
