"""`gpuspec models add`, `lock` and `check` against a hub on loopback, and what offline commands know afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fake_hub import FIRST, QWEN3_06B, SECOND, Answer, FakeHub, with_qwen
from waiting import PATIENCE

from gpuspec.cli.main import cli, main
from gpuspec.cli.shell_completion import values
from gpuspec.plugin.installed_catalog import installed_catalog
from tests.catalog.files import gguf

NAME = "acme/Foo-Tiny"
"""Of no size, and like no model that ships."""
LOCK = "gpuspec.models.json"


def job(name: str, model: str = NAME, **fields: Any) -> None:
    run = f"vllm serve {model} --max-model-len 4096"
    spec = {"name": "j", "task": "serve", "gpu_types": ["L4"], "run": run, **fields}
    Path(name).write_text(json.dumps(spec))


def locked() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(Path(LOCK).read_text())
    assert document["format"] == 1
    found: dict[str, Any] = document["models"]
    return found


def test_add_writes_what_the_hub_says_and_offline_commands_know_it(
    hub: FakeHub, capsys: pytest.CaptureFixture[str]
) -> None:
    with_qwen(hub, NAME)
    job("job.gpu.jsonc")
    assert main(["size", NAME]) == 2
    assert main(["models", "add", NAME]) == 0
    record = locked()[NAME]
    assert record["params_b"] == 0.59604992  # the hub's own count of Qwen3-0.6B
    assert record["revision"] == FIRST
    assert record["license"] == "apache-2.0"
    assert record["gated"] is False
    assert record["caches"] == [{"kind": "full", "width": 2048, "heads": 8, "layers": 28}]
    assert "unsure" not in record
    asked = len(hub.requests)
    capsys.readouterr()
    assert main(["size", NAME]) == 0
    assert "the files on disk: 1.11 GiB" in capsys.readouterr().out
    for command in (["lint"], ["plan"], ["show"], ["size"]):
        assert main([*command, "job.gpu.jsonc"]) in (0, 1), command
    assert len(hub.requests) == asked


def test_the_file_is_sorted_and_stays_as_it_is(hub: FakeHub) -> None:
    for name in ("zeta/Last", "Alpha/First", NAME):
        with_qwen(hub, name)
    assert main(["models", "add", "zeta/Last", NAME]) == 0
    assert main(["models", "add", "Alpha/First"]) == 0
    before = Path(LOCK).read_bytes()
    assert list(locked()) == [NAME, "Alpha/First", "zeta/Last"]
    facts = list(locked()[NAME])
    assert facts == sorted(facts)
    written = os.stat(LOCK).st_mtime_ns
    assert main(["models", "add", NAME, "zeta/Last", "Alpha/First"]) == 0
    assert Path(LOCK).read_bytes() == before
    assert os.stat(LOCK).st_mtime_ns == written


def test_the_day_alone_is_no_change(hub: FakeHub) -> None:
    with_qwen(hub, NAME)
    assert main(["models", "add", NAME]) == 0
    older = Path(LOCK).read_text().replace(f'"as_of": "{locked()[NAME]["as_of"]}"', '"as_of": "2026-01-01"')
    Path(LOCK).write_text(older)
    assert main(["models", "add", NAME]) == 0
    assert Path(LOCK).read_text() == older


def test_the_file_lies_beside_the_settings(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    with_qwen(hub, NAME)
    Path("gpuspec.toml").write_text("")
    below = Path("jobs/serving")
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    job("job.gpu.jsonc")
    assert main(["models", "add", "job.gpu.jsonc"]) == 0
    assert not Path(LOCK).exists()
    assert (Path("../..") / LOCK).exists()
    assert main(["size", "job.gpu.jsonc"]) == 0
    assert main(["size", NAME]) == 0
    (Path(os.environ["GPUSPEC_DATA_DIR"]) / "models.json").unlink()
    assert main(["size", NAME]) == 0
    assert main(["size", NAME, "--isolated"]) == 2


def test_lock_keeps_what_files_name_and_follows_the_hub(
    hub: FakeHub, capsys: pytest.CaptureFixture[str]
) -> None:
    with_qwen(hub, NAME)
    with_qwen(hub, "acme/Other")
    job("a.gpu.jsonc")
    job("b.gpu.jsonc", "acme/Other")
    assert main(["models", "check"]) == 1
    assert "missing  acme/Foo-Tiny, named in a.gpu.jsonc" in capsys.readouterr().out
    assert main(["models", "lock"]) == 0
    assert list(locked()) == [NAME, "acme/Other"]
    assert main(["models", "check"]) == 0
    assert main(["models", "check", "--online"]) == 0
    with_qwen(hub, NAME, commit=SECOND)
    capsys.readouterr()
    assert main(["models", "check"]) == 0
    assert main(["models", "check", "--online", "--json"]) == 1
    found = json.loads(capsys.readouterr().out.rpartition("\n{\n")[2].join(("{\n", "")))
    assert found["stale"] == [{"model": NAME, "kept": FIRST, "now": SECOND}]
    assert main(["models", "lock"]) == 0
    assert locked()[NAME]["revision"] == SECOND
    Path("b.gpu.jsonc").unlink()
    capsys.readouterr()
    assert main(["models", "check"]) == 1
    assert "unused   acme/Other" in capsys.readouterr().out


def test_a_revision_is_followed(hub: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    with_qwen(hub, NAME)
    hub.instead[hub.listing(NAME, "v1%2Frc")] = lambda: Answer(
        200, json.dumps({**hub.repositories[NAME], "sha": SECOND}).encode()
    )
    hub.files[f"/{NAME}/resolve/{SECOND}/config.json"] = json.dumps(QWEN3_06B).encode()
    assert main(["models", "add", f"{NAME}@v1/rc"]) == 0
    assert locked()[NAME]["revision"] == SECOND
    assert locked()[NAME]["follows"] == "v1/rc"
    job("job.gpu.jsonc")
    assert main(["models", "check", "--online"]) == 0
    assert main(["models", "add", NAME, "--revision", "../main"]) == 2
    assert "error[bad-revision]" in capsys.readouterr().err


def test_a_folder(hub: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path("models/ours")
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(QWEN3_06B))
    assert main(["models", "add", "models/ours"]) == 0
    assert locked()["./models/ours"]["params_b"] == 0.59604992
    assert hub.requests == []
    assert main(["models", "add", "models"]) == 2
    assert "error[local-model]" in capsys.readouterr().err
    job("job.gpu.jsonc", "./models/ours")
    assert main(["models", "check"]) == 0
    Path("models/ours/config.json").unlink()
    assert main(["size", "job.gpu.jsonc"]) == 0  # from the file


def test_a_folder_that_nobody_keeps_is_told(hub: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    job("job.gpu.jsonc", "./ours")
    assert main(["models", "check"]) == 0, "it may lie on another machine"
    told = capsys.readouterr().out
    assert "unknown  ./ours" in told
    assert "`gpuspec models add ./ours`" in told
    assert "all named" not in told
    assert main(["models", "check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["folders"] == [
        {"model": "./ours", "path": str(Path("job.gpu.jsonc"))}
    ]
    assert main(["lint", "job.gpu.jsonc"]) in (0, 1)
    assert "the model in ./ours" in " ".join(capsys.readouterr().out.split())
    Path("ours").mkdir()
    Path("ours/config.json").write_text(json.dumps(QWEN3_06B))
    assert main(["models", "add", "./ours"]) == 0
    capsys.readouterr()
    assert main(["models", "check"]) == 0
    assert "1 model, all named" in capsys.readouterr().out


def test_remove(hub: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    with_qwen(hub, NAME)
    with_qwen(hub, "acme/Other")
    Path("ours").mkdir()
    Path("ours/config.json").write_text(json.dumps(QWEN3_06B))
    assert main(["models", "add", NAME, "acme/Other", "ours"]) == 0
    before = Path("gpuspec.models.json").read_bytes()
    offered = [item.value for item in values(cli, ["models", "remove"], "acme/")]
    assert offered == [NAME, "acme/Other"], "the shell completes what is kept, and nothing else"
    capsys.readouterr()
    assert main(["models", "remove", NAME, "acme/Nobody"]) == 2
    told = capsys.readouterr().err
    assert "error[not-kept]" in told
    assert "acme/Other" in told, "what is kept is told"
    assert Path("gpuspec.models.json").read_bytes() == before, "one that is not kept: none is taken out"
    assert main(["models", "remove", NAME.upper(), "ours/"]) == 0
    assert "gpuspec.models.json: 1 model, written" in capsys.readouterr().out
    assert list(locked()) == ["acme/Other"]
    assert main(["models", "remove", "acme/Other", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["removed"] == ["acme/Other"]
    assert locked() == {}


def test_without_a_network_the_reason_is_said_once(
    hub: FakeHub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("acme/One", "acme/Two", "acme/Three"):
        with_qwen(hub, name)
        job(f"{name[5:]}.gpu.jsonc", name)
    assert main(["models", "lock"]) == 0
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    capsys.readouterr()
    assert main(["models", "check", "--online"]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert told.count("HF_HUB_OFFLINE is set") == 1
    assert "the same of 2 more models" in told
    assert main(["models", "check", "--online", "--json"]) == 2
    assert len(json.loads(capsys.readouterr().out)["failed"]) == 3


def test_what_the_user_asked_online_is_known_offline(hub: FakeHub) -> None:
    with_qwen(hub, NAME)
    assert main(["models", NAME, "--online"]) == 0
    asked = len(hub.requests)
    assert main(["models", NAME]) == 0
    assert main(["size", NAME]) == 0
    assert len(hub.requests) == asked
    assert not Path(LOCK).exists()


def test_the_project_goes_before_the_user_and_both_before_what_ships(hub: FakeHub) -> None:
    with_qwen(hub, "meta-llama/Llama-3.1-8B")  # so says this hub
    assert installed_catalog().resolve_model("meta-llama/Llama-3.1-8B").params_b == pytest.approx(
        8.03, abs=0.01
    )
    assert main(["models", "add", "meta-llama/Llama-3.1-8B"]) == 0
    of_user = Path(os.environ["GPUSPEC_DATA_DIR"]) / "models.json"
    assert installed_catalog().resolve_model("meta-llama/Llama-3.1-8B").params_b == 0.59604992
    edited = Path(LOCK).read_text().replace("0.59604992", "0.7")
    Path(LOCK).write_text(edited)
    of_project = installed_catalog().with_models_of(LOCK)
    assert of_project.resolve_model("meta-llama/Llama-3.1-8B").params_b == 0.7
    quantized = of_project.resolve_model("someone/Foo-Tiny-AWQ")
    assert quantized.model is None
    of_user.unlink()
    assert installed_catalog().resolve_model("meta-llama/Llama-3.1-8B").params_b == pytest.approx(
        8.03, abs=0.01
    )


def test_a_reupload_of_a_kept_model_is_known(hub: FakeHub) -> None:
    with_qwen(hub, NAME)
    assert main(["models", "add", NAME]) == 0
    match = installed_catalog().with_models_of(LOCK).resolve_model("bartowski/Foo-Tiny-GGUF:Q4_K_M")
    assert match.model is not None
    assert (match.model.id, match.quantization) == (NAME, "gguf:Q4_K_M")


REFUSALS = [
    ("gated", Answer(401, headers={"X-Error-Code": "GatedRepo"}), "hub-gated", "hf auth login"),
    ("forbidden", Answer(403), "hub-gated", "Accept its terms"),
    ("missing", Answer(404, headers={"X-Error-Code": "RepoNotFound"}), "hub-not-found", "Check the name"),
    ("private", Answer(401, headers={"X-Error-Code": "RepoNotFound"}), "hub-not-found", "hf auth login"),
    ("busy", Answer(429, headers={"Retry-After": "3600"}), "hub-busy", "3,600 seconds"),
    ("broken", Answer(500), "hub-unreachable", "answered 500"),
    ("odd", Answer(418), "hub-unreachable", "answered 418"),
    ("no JSON", Answer(200, b"<html>"), "hub-no-model", "not JSON"),
    ("deep", Answer(200, b"[" * 200_000), "hub-no-model", "nested too deep"),
    ("list", Answer(200, b"[]"), "hub-no-model", "no object"),
    ("no files", Answer(200, b'{"sha": "abc"}'), "hub-no-model", "lists no files"),
    ("no commit", Answer(200, b'{"siblings": []}'), "hub-no-model", "names no commit"),
    ("empty", Answer(200, b'{"sha": "abc", "siblings": []}'), "hub-no-model", "no config.json"),
    ("large", Answer(200, b" " * (5 << 20)), "hub-no-model", "larger than 4 MiB"),
    ("loop", Answer(302, headers={"Location": "?blobs=true"}), "hub-unreachable", "redirects more than"),
    ("file", Answer(302, headers={"Location": "file:///etc/passwd"}), "hub-unreachable", "no web address"),
]


@pytest.mark.parametrize(
    ("answer", "code", "said"), [row[1:] for row in REFUSALS], ids=[r[0] for r in REFUSALS]
)
def test_a_listing_that_is_refused(
    hub: FakeHub, answer: Answer, code: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with_qwen(hub, "acme/Good")
    hub.instead[hub.listing(NAME)] = lambda: answer
    assert main(["models", "add", NAME, "acme/Good"]) == 2
    told = capsys.readouterr().err
    assert f"error[{code}]" in told
    assert said in told
    assert "Traceback" not in told
    assert list(locked()) == ["acme/Good"]  # what could be read is kept
    assert [each for each in os.listdir() if each != LOCK] == []


CONFIGS = [
    b"{",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"\xff\xfe{",
    json.dumps({**QWEN3_06B, "hidden_size": 10**30}).encode(),
    json.dumps({**QWEN3_06B, "num_hidden_layers": 10**9}).encode(),
    json.dumps({**QWEN3_06B, "num_hidden_layers": float("nan")}).encode(),
    json.dumps({**QWEN3_06B, "vocab_size": "many"}).encode(),
    b'{"model_type": "qwen3", "hidden_size": ' + b"9" * 5_000 + b"}",
    b'{"model_type": ' + b" " * (9 << 20) + b"1}",
]


@pytest.mark.parametrize("config", CONFIGS, ids=range(len(CONFIGS)))
def test_a_config_that_cannot_be_read(
    hub: FakeHub, config: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.add(NAME, {"config.json": config})
    assert main(["models", "add", NAME]) == 2
    told = capsys.readouterr().err
    assert "error[hub-no-model]" in told or "error[hub-unreachable]" in told
    assert len(told) < 1_000
    assert not Path(LOCK).exists()


def test_a_key_that_stands_twice_counts_the_last_time(hub: FakeHub) -> None:
    text = json.dumps(QWEN3_06B)
    hub.add(NAME, {"config.json": text.replace("{", '{"num_hidden_layers": 2, ', 1).encode()})
    assert main(["models", "add", NAME]) == 0
    assert locked()[NAME]["layers"] == 28


def test_files_of_another_size_than_the_config_makes_are_said(hub: FakeHub) -> None:
    with_qwen(hub, NAME)
    (weights,) = [each for each in hub.repositories[NAME]["siblings"] if each["rfilename"] != "config.json"]
    weights["size"] = 5 << 30
    assert main(["models", "add", NAME]) == 0
    assert locked()[NAME]["unsure"] == "its files hold 5 GiB, its config makes 1.11 GiB"


def test_of_a_huge_index_only_the_beginning_is_read(hub: FakeHub) -> None:
    index = b'{"metadata": {"total_size": 1192099840}, "weight_map": {' + b'"a": "b", ' * 3_000_000
    hub.add(
        NAME,
        {"config.json": json.dumps(QWEN3_06B).encode(), "model.safetensors.index.json": index, "m.bin": 1},
    )
    assert main(["models", "add", NAME]) == 0
    assert locked()[NAME]["weights_gib"] == 1192099840 / 2**30
    (asked,) = [headers for path, headers in hub.requests if path.endswith(".index.json")]
    assert asked["range"] == "bytes=0-65535"


def test_a_short_wait_is_waited_for(hub: FakeHub) -> None:
    with_qwen(hub, NAME)
    path, answers = hub.listing(NAME), [Answer(429, headers={"Retry-After": "0"})]
    hub.instead[path] = lambda: (
        answers.pop() if answers else Answer(200, json.dumps(hub.repositories[NAME]).encode())
    )
    assert main(["models", "add", NAME]) == 0


def test_a_cut_answer_is_asked_for_again_and_said(hub: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    with_qwen(hub, NAME)
    whole = hub.files[f"/{NAME}/resolve/{FIRST}/config.json"]

    def cut() -> Answer:
        answer = Answer(200, whole)
        answer.cut = len(whole) // 2
        return answer

    hub.instead[f"/{NAME}/resolve/{FIRST}/config.json"] = cut
    assert main(["models", "add", NAME]) == 2
    assert "error[hub-unreachable]" in capsys.readouterr().err
    assert len([path for path, _ in hub.requests if path.endswith("config.json")]) == 3
    assert not Path(LOCK).exists()


def test_an_endless_answer_ends(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_qwen(hub, NAME)

    def endless() -> Answer:
        answer = Answer(200, b"{", sized=False)
        answer.endless = b" " * 65536
        return answer

    hub.instead[f"/{NAME}/resolve/{FIRST}/config.json"] = endless
    assert main(["models", "add", NAME]) == 2
    assert "larger than 8 MiB" in capsys.readouterr().err


def test_a_silent_hub_is_not_waited_for(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("gpuspec.catalog.hub_requests.PATIENCE", 0.3)
    hub.instead[hub.listing(NAME)] = lambda: (hub.closing.wait(PATIENCE), Answer(200))[1]  # type: ignore[func-returns-value]
    assert main(["models", "add", NAME]) == 2
    assert "error[hub-unreachable]" in capsys.readouterr().err


def test_no_hub_at_all(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    assert main(["models", "add", NAME]) == 2
    assert "no connection" in capsys.readouterr().err


def test_the_token_goes_to_the_hub_alone_and_is_told_nobody(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    token = "hf_" + "x" * 34
    monkeypatch.setenv("HF_TOKEN", token)
    elsewhere = FakeHub()
    try:
        with_qwen(hub, NAME)
        path = f"/{NAME}/resolve/{FIRST}/config.json"
        elsewhere.files["/cdn"] = hub.files[path]
        target = elsewhere.url.replace("127.0.0.1", "localhost") + "/cdn"
        hub.instead[path] = lambda: Answer(302, headers={"Location": target})
        assert main(["models", "add", NAME]) == 0
        assert all(headers.get("authorization") == f"Bearer {token}" for _, headers in hub.requests)
        assert [headers.get("authorization") for _, headers in elsewhere.requests] == [None]
    finally:
        elsewhere.close()
    with_qwen(hub, "acme/Thief", cardData={"license": token})
    assert main(["models", "add", "acme/Thief"]) == 2
    hub.instead[hub.listing("acme/Loud")] = lambda: Answer(403, headers={"X-Error-Message": token})
    assert main(["models", "add", "acme/Loud"]) == 2
    told = capsys.readouterr()
    assert token not in told.out + told.err
    assert token not in Path(LOCK).read_text()
    assert token not in (Path(os.environ["GPUSPEC_DATA_DIR"]) / "models.json").read_text()


def test_offline_what_was_asked_before_is_found(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_qwen(hub, NAME)
    assert main(["models", "add", NAME]) == 0
    Path(LOCK).unlink()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    asked = len(hub.requests)
    assert main(["models", "add", NAME]) == 0
    assert locked()[NAME]["revision"] == FIRST
    capsys.readouterr()
    assert main(["models", "add", "acme/Never"]) == 2
    assert "HF_HUB_OFFLINE is set" in capsys.readouterr().err
    assert len(hub.requests) == asked


def test_the_environment_names_the_hub(hub: FakeHub, tmp_path: Path) -> None:
    with_qwen(hub, NAME)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    environment = {**kept, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path), "HF_TOKEN": "hf_secret"}
    words = [sys.executable, "-m", "gpuspec", "models", "add", NAME]
    done = subprocess.run(words, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "added      acme/Foo-Tiny: 0.596 B parameters, 1.11 GiB, at c1899de2\n"
        "gpuspec.models.json: 1 model, written\n"
    )
    assert hub.requests[0][1]["authorization"] == "Bearer hf_secret"


def test_what_is_no_model_is_said(hub: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    job("none.gpu.jsonc", "./here")
    for word, code in (("llama3", "bad-model"), ("none.gpu.jsonc", "no-model-named"), ("a/b/c", "bad-model")):
        assert main(["models", "add", word]) == 2
        assert f"error[{code}]" in capsys.readouterr().err
    assert main(["models", "lock"]) == 0
    assert "nothing to keep" in capsys.readouterr().out
    assert not Path(LOCK).exists()
    Path("none.gpu.jsonc").unlink()
    assert main(["models", "check"]) == 0
    Path("empty").mkdir()
    assert main(["models", "check", "empty"]) == 2
    assert "error[no-specs]" in capsys.readouterr().err


def test_offline_the_cache_of_huggingface_hub_is_read(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(os.environ["GPUSPEC_DATA_DIR"]).parent / "cache/models--acme--Foo-Tiny"
    (folder / "snapshots" / FIRST).mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs/main").write_text(FIRST)
    (folder / "snapshots" / FIRST / "config.json").write_text(json.dumps(QWEN3_06B))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert main(["models", "add", NAME]) == 0
    assert locked()[NAME]["revision"] == FIRST
    assert locked()[NAME]["params_b"] == 0.59604992
    assert hub.requests == []


def test_an_older_huggingface_hub_has_requests(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    session = pytest.importorskip("requests").Session()
    monkeypatch.setattr("huggingface_hub.utils.get_session", lambda: session)
    with_qwen(hub, NAME)
    assert main(["models", "add", NAME]) == 0
    assert locked()[NAME]["params_b"] == 0.59604992


def test_other_files_of_a_kept_repository(hub: FakeHub) -> None:
    """A tag names a file of a GGUF repository; of the 16-bit original nothing is known from it."""
    record = {"params_b": 0.6, "native_dtype": "gguf:Q4_K_M", "weights_gib": 0.37, "layers": 28}
    Path(LOCK).write_text(json.dumps({"format": 1, "models": {"acme/Foo-Tiny-GGUF": record}}))
    catalog = installed_catalog().with_models_of(LOCK)
    whole = catalog.resolve_model("acme/Foo-Tiny-GGUF")
    tagged = catalog.resolve_model("acme/Foo-Tiny-GGUF:Q8_0")
    assert whole.model is not None
    assert tagged.model is not None
    assert whole.model.weights_gib == 0.37
    assert (tagged.model.layers, tagged.model.weights_gib, tagged.quantization) == (28, None, "gguf:Q8_0")
    assert catalog.resolve_model(NAME).model is None


def test_the_editor_tells_a_broken_file_once(hub: FakeHub) -> None:
    from gpuspec.editor.opened import look
    from gpuspec.rules import collect

    job("job.gpu.jsonc")
    Path(LOCK).write_text('{"format": 1, "models": {"acme/Other": {"layers": "many"}}}')
    opened = look(collect(), "job.gpu.jsonc", Path("job.gpu.jsonc").read_text())
    assert opened.refused is not None
    assert opened.refused.code == "models-file"
    assert opened.case().catalog.models  # completion goes on with what ships
    Path(LOCK).unlink()
    assert look(collect(), "job.gpu.jsonc", Path("job.gpu.jsonc").read_text()).refused is None


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_a_model_is_shown_as_wide_as_the_terminal(
    columns: str, hub: FakeHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_qwen(hub, NAME)
    assert main(["models", "add", NAME]) == 0
    capsys.readouterr()
    monkeypatch.setenv("COLUMNS", columns)
    assert main(["models", NAME]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= int(columns)
    words = " ".join(text.split())
    # 28 layers × 2 × 8 heads × 128 × 2 bytes = 114,688; 596 M × 2 bytes = 1.1 GiB
    for said in ("0.596 B", "28: each with attention to every token", "112 KiB a token in 16 bit", "1.1 GiB bf16",
                 "40,960 tokens", "apache-2.0", "at c1899de289a0", "kept in gpuspec.models.json"):  # fmt: skip
        assert said in words, said
    assert main(["models", NAME, "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert record["cache_bytes_per_token"] == 114_688
    assert record["stored_gib"] == pytest.approx(1.1102, abs=1e-4)


def test_a_gated_repository_lists_its_files_and_keeps_them(
    hub: FakeHub, capsys: pytest.CaptureFixture[str]
) -> None:
    with_qwen(hub, NAME, gated="manual")
    path = f"/{NAME}/resolve/{FIRST}/config.json"
    for status, headers in ((401, {"X-Error-Code": "GatedRepo"}), (403, {}), (401, {}), (404, {})):
        hub.instead[path] = lambda status=status, headers=headers: Answer(status, headers=headers)  # type: ignore[misc]
        assert main(["models", "add", NAME]) == 2
        told = capsys.readouterr().err
        assert "error[hub-gated]" in told
        assert f"/{NAME}" in told
    del hub.instead[path]
    assert main(["models", "add", NAME]) == 0
    assert locked()[NAME]["gated"] is True


def test_a_renamed_repository_is_followed(hub: FakeHub) -> None:
    with_qwen(hub, "acme/New")
    hub.instead[hub.listing(NAME)] = lambda: Answer(307, headers={"Location": hub.listing("acme/New")})
    old, new = (f"/{name}/resolve/{FIRST}/config.json" for name in (NAME, "acme/New"))
    hub.instead[old] = lambda: Answer(307, headers={"Location": new})
    assert main(["models", "add", NAME]) == 0
    assert locked()[NAME]["params_b"] == 0.59604992


def test_of_a_gguf_file_the_header_is_fetched_in_parts(hub: FakeHub) -> None:
    facts = {"block_count": 2, "embedding_length": 64, "attention.head_count": 4, "context_length": 4096}
    said = {"general.architecture": "llama", **{f"llama.{key}": value for key, value in facts.items()}}
    whole = gguf(said, {"token_embd.weight": ([64, 1000], 1)}) + bytes(9 << 20)
    hub.add(NAME, {"foo-Q8_0.gguf": whole, "foo-Q4_K_M.gguf": whole, "README.md": b""})
    assert main(["models", "add", NAME]) == 0
    assert locked()[NAME]["layers"] == 2
    asked = [headers["range"] for path, headers in hub.requests if path.endswith(".gguf")]
    assert {path for path, _ in hub.requests if path.endswith(".gguf")} == {
        f"/{NAME}/resolve/{FIRST}/foo-Q4_K_M.gguf"
    }
    assert len(asked) <= 2  # of nine megabytes


def test_json_of_what_was_done(hub: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    with_qwen(hub, NAME)
    assert main(["models", "add", NAME, "acme/None", "--json"]) == 2
    (found,) = json.loads(capsys.readouterr().out)["files"]
    assert found["file"] == str(Path(LOCK).absolute())
    assert (found["added"], found["updated"], found["unchanged"]) == ([NAME], [], [])
    assert [(each["model"], each["code"]) for each in found["failed"]] == [("acme/None", "hub-not-found")]


def test_a_model_that_became_known_is_no_finding_any_more(
    hub: FakeHub, capsys: pytest.CaptureFixture[str]
) -> None:
    with_qwen(hub, NAME)
    job("job.gpu.jsonc")
    assert main(["lint", "--select", "GS010"]) == 0
    told = capsys.readouterr().out
    assert f"`gpuspec models add {NAME}` makes it known" in " ".join(told.split())
    assert main(["models", "lock"]) == 0
    capsys.readouterr()
    assert main(["lint", "--select", "GS010"]) == 0
    assert "GS010" not in capsys.readouterr().out
