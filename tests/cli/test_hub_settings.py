"""A hub's address and a token that cannot be used end in words, at once, before anything is sent."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_hub import Answer, FakeHub, with_qwen
from waiting import PATIENCE

from gpuspec.cli.main import main

ADD = ("models", "add", "acme/Foo")


def run(home: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """`gpuspec models add` in a process of its own: huggingface_hub reads its settings when it is imported."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    environment = {**kept, "HF_HOME": str(home), "GPUSPEC_DATA_DIR": str(home / "data"), **settings}
    words = [sys.executable, "-m", "gpuspec", *ADD]
    return subprocess.run(words, capture_output=True, text=True, env=environment, cwd=home, timeout=PATIENCE)


@pytest.mark.parametrize(
    "address",
    [
        "http://[::1",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:" + "9" * 5_000,
        "http://",
        "http://" + "a" * 5_000,
        "http://a b",
        "file:///etc",
        "ftp://127.0.0.1",
        "secret",
    ],
)
def test_an_address_that_is_none(address: str, tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub")
    done = run(tmp_path, HF_ENDPOINT=address)
    assert done.returncode == 2
    assert done.stderr.startswith(
        "gpuspec: error[hub-unreachable]: HF_ENDPOINT is not the address of a hub\n"
        "  → It is written like https://huggingface.co"
    )
    assert "secret" not in done.stderr


def test_an_empty_variable_is_none(tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub")
    proxies = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "NO_PROXY": ""}
    done = run(tmp_path, HF_ENDPOINT="", no_proxy="", **proxies)  # nobody out there is asked
    assert done.returncode == 2
    assert "huggingface.co could not be asked about acme/Foo: no connection" in done.stderr


@pytest.mark.parametrize(
    "token", ["hf_secret\u00e9", "hf_secret\U0001f600", "hf_secret\x01", "hf_secret" * 1_000]
)
def test_a_token_that_is_none(
    token: str, hub: FakeHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    with_qwen(hub, "acme/Foo")
    assert main([*ADD]) == 2
    told = capsys.readouterr().err
    assert "error[hub-token]" in told
    assert "hf_secret" not in told
    assert hub.requests == []


def empty_gigabytes(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2 << 30)


FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a pipe": (os.mkfifo, "it is a pipe"),
    "a folder": (Path.mkdir, "it is a folder"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "it is a device"),
    "gigabytes": (empty_gigabytes, "it is larger than 4 KiB"),
    "no text": (lambda path: path.write_bytes(b"\xff\xfe\x00hf_secret"), "it is no text"),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_login_that_cannot_be_read(
    kind: str,
    hub: FakeHub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make, said = FILES[kind]
    make(tmp_path / "token")
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "token"))
    with_qwen(hub, "acme/Foo")
    assert main([*ADD]) == 2
    told = capsys.readouterr().err
    assert "error[hub-token]" in told
    assert said in told
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    assert main([*ADD]) == 0


def test_of_the_cache_no_huge_file_is_read(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refs = tmp_path / "cache" / "models--acme--Foo" / "refs"
    refs.mkdir(parents=True)
    empty_gigabytes(refs / "main")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert main([*ADD]) == 2
    assert "it is larger than 1 KiB" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("waits", "said"),
    [
        ("3600", "now and asks to wait 3,600 seconds (it"),
        ("99999999999999999999", "now (it"),
        ("banana", "now (it"),
        ("-5", "now (it"),
        ("0", "now (it"),
    ],
)
def test_a_wait_is_told_as_it_was_asked_for(
    waits: str, said: str, hub: FakeHub, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.instead[hub.listing("acme/Foo")] = lambda: Answer(429, headers={"Retry-After": waits})
    assert main([*ADD]) == 2
    assert f"takes no more questions for {said} answered 429" in capsys.readouterr().err


@pytest.mark.parametrize("target", [None, "http://[::1", "http://127.0.0.1:99999/"])
def test_a_redirect_to_nowhere(target: str | None, hub: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    headers = {"Location": target} if target else {}
    hub.instead[hub.listing("acme/Foo")] = lambda: Answer(302, headers=headers)
    assert main([*ADD]) == 2
    assert "it redirects to what is no web address" in capsys.readouterr().err
    assert len(hub.requests) == 1


def test_the_page_of_a_gated_repository_is_the_hub_s(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address = hub.url.replace("http://", "http://me:secret@")
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
    hub.instead[hub.listing("acme/Foo")] = lambda: Answer(403)
    assert main([*ADD]) == 2
    told = capsys.readouterr().err
    assert f"Accept its terms at {hub.url}/acme/Foo," in told
    assert "secret" not in told


def test_what_is_too_large_was_answered(hub: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    with_qwen(hub, "acme/Foo")
    hub.instead[hub.listing("acme/Foo")] = lambda: Answer(200, b" " * (5 << 20))
    assert main([*ADD]) == 2
    assert (
        "error[hub-no-model]: acme/Foo cannot be read as a model: the hub's listing is larger than 4 MiB"
        in (capsys.readouterr().err)
    )
    assert len(hub.requests) == 1
