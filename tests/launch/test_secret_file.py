"""On a Slurm the values of secrets travel in a file that only its owner can read."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpuspec.launch.records import Records, run_folder
from gpuspec.launch.skypilot.secret_file import remove_secret_file, secrets_in_file

from . import drive_rented as cloud
from .rented import change, run

VALUE = st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), min_size=1)
CONFIG = {
    "secrets": {"TOKEN": None},
    "file_mounts": {"/other": "there"},
    "setup": 'printf "%s" "$TOKEN" >set-up',
    "run": 'printf "%s" "$TOKEN" >ran',
}


def here(run_id: str) -> Path:
    return Path(run_folder(run_id)) / "secrets"


@given(VALUE)
def test_each_value_arrives_verbatim_and_only_its_owner_reads_it(
    tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    folder = tmp_path_factory.mktemp("secret")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GPUSPEC_STATE_DIR", str(folder / "state"))
        changed = secrets_in_file(CONFIG, {"TOKEN": value}, "abc")
        assert changed["file_mounts"] == {"/other": "there", "~/.gpuspec-abc": str(here("abc"))}
        assert "secrets" not in changed
        assert here("abc").stat().st_mode & 0o777 == 0o600
        home = folder / "home"
        home.mkdir()
        (home / ".gpuspec-abc").write_bytes(here("abc").read_bytes())
        remove_secret_file("abc")
        assert not here("abc").exists()
    for text, wrote in (("setup", "set-up"), ("run", "ran")):
        subprocess.run(["bash", "-c", changed[text]], cwd=home, env={"HOME": str(home)}, check=True)
        assert (home / wrote).read_bytes() == value.encode()
    assert not (home / ".gpuspec-abc").exists()
    again = subprocess.run(["bash", "-c", changed["run"]], cwd=home, env={"HOME": str(home)}, stderr=-3)
    assert again.returncode != 0  # without its secrets the command does not begin


def test_what_a_killed_client_left_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path))
    for run_id, pid in (("dead", 2**22 + 1), ("lives", os.getpid())):
        Records().new(id=run_id, name="x", launcher="skypilot", spec_path="-", workdir="/", pid=pid)
        here(run_id).write_text("export TOKEN=x\n")
    secrets_in_file(CONFIG, {"TOKEN": "x"}, "mine")
    assert [here(run_id).exists() for run_id in ("dead", "lives", "mine")] == [False, True, True]


def test_a_machine_on_a_slurm_is_not_used_again_for_secrets(
    rented: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "canary-81c2")
    assert run(rented).returncode == 0
    assert run(rented).returncode == 0
    assert len(cloud.read()) == 1
    change(rented, secrets=["TOKEN"])
    for machines in (2, 3):
        done = run(rented)
        assert done.returncode == 0, done.stderr
        assert len(cloud.read()) == machines
    left = [path for path in Path(os.environ["GPUSPEC_STATE_DIR"]).rglob("*") if path.is_file()]
    assert left
    assert not [path for path in left if b"canary-81c2" in path.read_bytes()]


def test_nothing_stays_here_where_nothing_was_rented(rented: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "canary-81c2")
    change(rented, secrets=["TOKEN"])
    refused = run(rented, FAKE_PRICE="5")
    assert (refused.returncode, cloud.read()) == (2, {})
    assert "error[over-max-price]" in refused.stderr
    assert not list(Path(os.environ["GPUSPEC_STATE_DIR"]).rglob("secrets"))


@pytest.mark.parametrize("secrets", [[], ["TOKEN"]])
def test_a_folder_that_cannot_be_written_is_said_before_anything_is_rented(
    rented: Path, monkeypatch: pytest.MonkeyPatch, secrets: list[str]
) -> None:
    monkeypatch.setenv("TOKEN", "canary-81c2")
    change(rented, secrets=secrets)
    state = Path(os.environ["GPUSPEC_STATE_DIR"])
    state.mkdir()
    (state / "runs").write_text("")
    refused = run(rented)
    assert (refused.returncode, cloud.read()) == (2, {})
    assert "error[records-not-written]" in refused.stderr
    assert Records().get("job").state == "failed"
