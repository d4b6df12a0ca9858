"""Downloads over HTTP against a real server: cut, slow, wrong, gone, full; and nothing fetched twice."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from small_disk import small_disk
from waiting import PATIENCE
from webserver import Site

from gpuspec.errors import UserError
from gpuspec.job.job import Download
from gpuspec.launch.downloads import download_manifest, download_script
from gpuspec.launch.on_machine.downloader.file import Failure, confined

from .conftest import Fetch, command

BODY = bytes(range(256)) * 4000  # 1,024,000 bytes
HALF = 512_000


def http(site: Site, **more: object) -> dict[str, object]:
    return {"strategy": "http", "source": f"{site.url}/model.bin", "target": "models/", **more}


@pytest.fixture
def model(site: Site) -> Site:
    site.files["/model.bin"] = BODY
    site.headers["/model.bin"] = {"ETag": '"one"'}
    return site


def test_a_second_run_fetches_no_byte_and_asks_nobody(model: Site, fetch: Fetch, tmp_path: Path) -> None:
    first = fetch(http(model))
    assert first.returncode == 0, first.stderr
    assert "1.0 MB fetched, 0 of 1 already there" in first.stdout
    assert (tmp_path / "work/models/model.bin").read_bytes() == BODY
    second = fetch(http(model))
    assert "0 bytes fetched, 1 of 1 already there" in second.stdout
    assert len(model.requests) == 1


def test_a_cut_connection_is_resumed_where_it_broke(model: Site, fetch: Fetch, tmp_path: Path) -> None:
    model.faults["/model.bin"] = [("cut", HALF)]
    done = fetch(http(model))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "work/models/model.bin").read_bytes() == BODY
    first, second = model.got("/model.bin")
    assert "Range" not in first
    assert second["Range"] == f"bytes={HALF}-"
    assert second["If-Range"] == '"one"'
    assert "1.0 MB fetched" in done.stdout  # not 1.5: nothing came twice


def test_a_file_that_changed_meanwhile_is_fetched_from_its_start(
    model: Site, fetch: Fetch, tmp_path: Path
) -> None:
    model.faults["/model.bin"] = [("cut", HALF), *[("status", 503)] * 5]
    assert fetch(http(model)).returncode == 1
    model.files["/model.bin"] = BODY[::-1]
    model.headers["/model.bin"] = {"ETag": '"two"'}
    done = fetch(http(model))
    assert done.returncode == 0, done.stderr
    assert model.got("/model.bin")[-1]["If-Range"] == '"one"'
    assert (tmp_path / "work/models/model.bin").read_bytes() == BODY[::-1]


def test_without_a_validator_nothing_is_pieced_together(model: Site, fetch: Fetch, tmp_path: Path) -> None:
    model.headers["/model.bin"] = {"ETag": 'W/"weak"'}
    model.faults["/model.bin"] = [("cut", HALF)]
    assert fetch(http(model)).returncode == 0
    assert "Range" not in model.got("/model.bin")[1]
    assert (tmp_path / "work/models/model.bin").read_bytes() == BODY


def test_a_killed_download_goes_on_in_the_next_process(
    model: Site, fetch: Fetch, tmp_path: Path, environment: dict[str, str]
) -> None:
    model.faults["/model.bin"] = [("stall", HALF)]
    work = tmp_path / "work"
    work.mkdir()
    started = subprocess.Popen(
        [*command(tmp_path / "machine", [http(model)], [sys.executable, "-I", "-S"]), "--root", str(work)],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    part = work / "models/model.bin.part"
    assert model.stalled.wait(PATIENCE)
    while started.poll() is None and not (part.exists() and part.stat().st_size > 200_000):
        pass
    started.send_signal(signal.SIGKILL)
    started.wait()
    kept = part.stat().st_size
    model.release.set()
    done = fetch(http(model))
    assert done.returncode == 0, done.stderr
    assert model.got("/model.bin")[1]["Range"] == f"bytes={kept}-"
    assert (work / "models/model.bin").read_bytes() == BODY


def test_a_wrong_checksum_leaves_nothing_behind(model: Site, fetch: Fetch, tmp_path: Path) -> None:
    done = fetch(http(model, sha256="0" * 64))
    assert done.returncode == 1
    assert hashlib.sha256(BODY).hexdigest() in done.stderr
    assert "0" * 64 in done.stderr
    assert list((tmp_path / "work/models").iterdir()) == []


def test_a_right_checksum_in_capitals_is_right(model: Site, fetch: Fetch) -> None:
    assert fetch(http(model, sha256=hashlib.sha256(BODY).hexdigest().upper())).returncode == 0


def test_a_broken_half_from_an_earlier_run_is_fetched_anew(model: Site, fetch: Fetch, tmp_path: Path) -> None:
    digest = hashlib.sha256(BODY).hexdigest()
    model.faults["/model.bin"] = [("cut", HALF), *[("status", 503)] * 5]
    assert fetch(http(model, sha256=digest)).returncode == 1
    part = tmp_path / "work/models/model.bin.part"
    part.write_bytes(b"x" * HALF)
    done = fetch(http(model, sha256=digest))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "work/models/model.bin").read_bytes() == BODY


@pytest.mark.parametrize(("code", "tries"), [(404, 1), (410, 1), (401, 1), (400, 1), (503, 5), (429, 5)])
def test_refusals_are_tried_as_often_as_it_can_help(site: Site, fetch: Fetch, code: int, tries: int) -> None:
    site.faults["/model.bin"] = [("status", code)] * 20
    done = fetch(http(site))
    assert done.returncode == 1
    assert str(code) in done.stderr
    assert len(site.got("/model.bin")) == tries


def test_nobody_listening_is_said_plainly(site: Site, fetch: Fetch) -> None:
    item = http(site)
    site.close()
    done = fetch(item)
    assert done.returncode == 1
    assert "gave up after 5 tries: [Errno 111] Connection refused" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_that_falls_silent_meets_the_timeout(model: Site, fetch: Fetch, tmp_path: Path) -> None:
    model.faults["/model.bin"] = [("stall", 1000)]
    done = fetch(http(model, timeout=0.3))
    assert done.returncode == 1
    assert "not finished within its timeout" in done.stderr
    assert not (tmp_path / "work/models/model.bin").exists()


def test_a_disk_that_fills_up_is_named(model: Site, fetch: Fetch, tmp_path: Path) -> None:
    model.sized = False  # the size is not known before: the write itself must fail
    limit = 300_000
    item = http(model, sha256=hashlib.sha256(BODY).hexdigest())
    done = fetch(item, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert done.returncode == 1
    assert "the disk is full; raise `disk_gb`" in done.stderr
    assert len(model.got("/model.bin")) == 1
    assert not (tmp_path / "work/models/model.bin").exists()


@pytest.mark.parametrize("sized", [True, False])
def test_a_real_full_disk(model: Site, fetch: Fetch, tmp_path: Path, sized: bool) -> None:
    model.sized = sized
    with small_disk(tmp_path / "work", "512k"):
        done = fetch(http(model, sha256=hashlib.sha256(BODY).hexdigest()))
    assert done.returncode == 1
    assert "`disk_gb`" in done.stderr
    assert ("1.0 MB" in done.stderr) == sized  # known beforehand: said with the numbers
    assert "Traceback" not in done.stderr


def test_what_the_author_put_there_is_never_overwritten(model: Site, fetch: Fetch, tmp_path: Path) -> None:
    mine = tmp_path / "work/models/model.bin"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    done = fetch(http(model))
    assert done.returncode == 1
    assert "move it away" in done.stderr
    assert mine.read_bytes() == b"mine"


def test_what_the_author_put_there_counts_if_its_checksum_is_right(
    model: Site, fetch: Fetch, tmp_path: Path
) -> None:
    mine = tmp_path / "work/models/model.bin"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(BODY)
    done = fetch(http(model, sha256=hashlib.sha256(BODY).hexdigest()))
    assert "0 bytes fetched, 1 of 1 already there" in done.stdout
    assert model.requests == []


def test_a_changed_address_replaces_what_we_fetched_before(model: Site, fetch: Fetch, tmp_path: Path) -> None:
    model.files["/v2/model.bin"] = b"second"
    fetch(http(model))
    done = fetch({**http(model), "source": f"{model.url}/v2/model.bin"})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "work/models/model.bin").read_bytes() == b"second"


def test_a_token_in_an_address_is_never_shown(site: Site, fetch: Fetch) -> None:
    done = fetch({"strategy": "http", "source": f"{site.url}/gone.bin?token=canary-123"})
    assert done.returncode == 1
    assert "canary-123" not in done.stdout + done.stderr


def test_one_failure_stops_the_others_and_is_the_one_reported(model: Site, fetch: Fetch) -> None:
    model.faults["/model.bin"] = [("stall", 1000)]
    done = fetch(http(model, timeout=PATIENCE), {"strategy": "http", "source": f"{model.url}/gone.bin"})
    assert "/gone.bin: not there (HTTP 404)" in done.stderr
    model.release.set()


def test_two_processes_share_one_download(model: Site, tmp_path: Path, environment: dict[str, str]) -> None:
    model.faults["/model.bin"] = [("stall", HALF), ("", 0)]
    work = tmp_path / "work"
    work.mkdir()
    both = [
        subprocess.Popen(
            [*command(tmp_path / f"m{n}", [http(model)], [sys.executable, "-I", "-S"]), "--root", str(work)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(2)
    ]
    assert model.stalled.wait(PATIENCE)
    model.release.set()
    said = [process.communicate(timeout=PATIENCE)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("1.0 MB fetched" in text for text in said) == 1
    assert sum("0 bytes fetched" in text for text in said) == 1


@pytest.mark.parametrize(
    "target", ["../x", "a/../../x", "/etc/x", "~/x", "C:\\x", "..\\x", "a\0b", "out/x", "\\\\host\\x"]
)
def test_targets_outside_the_workspace_are_refused(tmp_path: Path, target: str) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "out").symlink_to(tmp_path)
    with pytest.raises(Failure, match="outside the workspace"):
        confined(str(work), target)


def test_targets_inside_are_taken(tmp_path: Path) -> None:
    assert confined(str(tmp_path), "models/a b..c/") == str(tmp_path / "models/a b..c")


def test_a_manifest_refuses_what_no_machine_should_try() -> None:
    with pytest.raises(UserError) as unknown:
        download_manifest([Download("ftp", "ftp://x/y")])
    assert unknown.value.code == "download-strategy"
    with pytest.raises(UserError) as outside:
        download_manifest([Download("http", "http://x/y", target="../../etc/cron.d/x")])
    assert outside.value.code == "download-outside"


def test_only_web_addresses_are_opened(site: Site, fetch: Fetch) -> None:
    done = fetch({"strategy": "http", "source": "file:///etc/passwd", "target": "x"})
    assert done.returncode == 1
    assert "only http and https" in done.stderr


@pytest.mark.parametrize("version", ["3.8", "3.9", "3.13"])
def test_real_other_pythons_run_it(model: Site, tmp_path: Path, version: str) -> None:
    found = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    if not found:
        pytest.skip(f"no Python {version} here")
    done = subprocess.run(
        [*command(tmp_path / "machine", [http(model)], [str(found[0])]), "--root", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "models/model.bin").read_bytes() == BODY


def test_the_shell_text_needs_nothing_but_python(model: Site, tmp_path: Path) -> None:
    text = download_script([Download("http", f"{model.url}/model.bin", target="it's $(here)/")])
    done = subprocess.run(
        ["bash", "-c", text], cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "it's $(here)/model.bin").read_bytes() == BODY
    failing = download_script([Download("http", f"{model.url}/gone")])
    assert subprocess.run(["bash", "-c", failing], cwd=tmp_path, capture_output=True).returncode == 1
