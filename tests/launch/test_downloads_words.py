"""What a download that fails says: the cause, the place, and what to do."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import pytest
from webserver import COMMIT, Site

from gpuspec.job.job import Download
from gpuspec.launch.downloads import download_manifest
from gpuspec.launch.on_machine.downloader.file import Failure, confined
from gpuspec.launch.on_machine.downloader.progress import Progress
from gpuspec.launch.on_machine.downloader.tries import Tries
from gpuspec.launch.on_machine.downloader.web import Trouble

from .conftest import Fetch
from .misbehaving import LISTING

HUB = {"strategy": "hf", "source": "org/model", "target": "m/"}


@pytest.fixture
def hub(site: Site) -> Site:
    entry = {"rfilename": "a", "size": 3}
    site.files[LISTING] = json.dumps({"sha": COMMIT, "siblings": [entry]}).encode()
    site.files[f"/org/model/resolve/{COMMIT}/a"] = b"abc"
    return site


def test_white_space_around_a_token_is_not_sent(hub: Site, fetch: Fetch) -> None:
    done = fetch(HUB, env={"HF_ENDPOINT": hub.url, "HF_TOKEN": " hf_x\r\n"})
    assert done.returncode == 0, done.stderr
    assert hub.got(LISTING)[0]["Authorization"] == "Bearer hf_x"


@pytest.mark.parametrize("token", ["hf_one\nhf_two", "hf_kéy", "hf_\u20ac", "hf one"])
def test_a_token_that_cannot_be_sent_is_named_and_not_shown(token: str, hub: Site, fetch: Fetch) -> None:
    done = fetch(HUB, env={"HF_ENDPOINT": hub.url, "HF_TOKEN": token})
    assert done.returncode == 1
    assert "the token in HF_TOKEN cannot be sent" in done.stderr
    assert not any(part in done.stderr for part in ("hf_", "two", "one"))
    assert not hub.requests


def test_a_blank_token_is_none(hub: Site, fetch: Fetch) -> None:
    env = {"HF_ENDPOINT": hub.url, "HF_TOKEN": " \n", "HUGGING_FACE_HUB_TOKEN": "hf_y"}
    assert fetch(HUB, env=env).returncode == 0
    assert hub.got(LISTING)[0]["Authorization"] == "Bearer hf_y"


def test_a_plain_address_that_lets_nobody_in_wants_no_token_in_secrets(site: Site, fetch: Fetch) -> None:
    site.faults["/f.bin"] = [("status", 403)]
    asked = {"strategy": "http", "source": f"{site.url}/f.bin", "target": "m/"}
    done = fetch(asked, env={"HF_TOKEN": "hf_x"})
    assert (
        "access refused (HTTP 403) and its strategy sends no token, whatever is in `secrets`" in done.stderr
    )
    assert "Authorization" not in site.got("/f.bin")[0]
    site.faults["/f.bin"] = [("status", 401)]
    login = fetch({**asked, "source": asked["source"].replace("://", "://me:key@")})
    assert "the user and password of its address are not enough" in login.stderr


def test_a_hub_that_lets_nobody_in_without_a_token_says_where_it_goes(hub: Site, fetch: Fetch) -> None:
    hub.faults[LISTING] = [("status", 401)]
    done = fetch(HUB, env={"HF_ENDPOINT": hub.url})
    assert "no token was given; accept the licence" in done.stderr


def test_an_empty_repository_is_said_to_be_empty(hub: Site, fetch: Fetch) -> None:
    hub.files[LISTING] = json.dumps({"sha": COMMIT, "siblings": []}).encode()
    assert "org/model holds no file at main" in fetch(HUB, env={"HF_ENDPOINT": hub.url}).stderr


def test_what_leaves_nothing_of_a_repository_is_named(hub: Site, fetch: Fetch) -> None:
    done = fetch({**HUB, "allow": ["a"], "ignore": ["*"]}, env={"HF_ENDPOINT": hub.url})
    assert "no file of org/model is left by `allow` ['a'] and `ignore` ['*']" in done.stderr


def test_tries_that_the_timeout_ends_keep_their_cause() -> None:
    def fails() -> None:
        raise Trouble("HTTP 500")

    tries = Tries("http://x/f", time.monotonic() + 10, Progress(first_pause=1000))
    with pytest.raises(Failure) as said:
        tries.until_done(fails)
    assert str(said.value) == (
        "http://x/f: not finished within its timeout, after one try: HTTP 500; raise `timeout`"
    )


def test_the_host_that_a_redirect_leads_to_is_named_where_it_does_not_answer(
    site: Site, fetch: Fetch
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        host = f"127.0.0.1:{nobody.getsockname()[1]}"
        site.redirects["/f.bin"] = f"http://{host}/f.bin"
        done = fetch({"strategy": "http", "source": f"{site.url}/f.bin", "target": "m/"})
    assert f"its server redirects to {host}: " in done.stderr
    assert "refused" in done.stderr


@pytest.mark.parametrize(
    ("target", "written"), [("m/n/../", "m/"), ("a/../b.bin", "b.bin"), ("a/b/../../c/./d/", "c/d/")]
)
def test_a_target_that_stays_inside_is_taken_as_lint_takes_it(target: str, written: str) -> None:
    manifest = download_manifest([Download("http", "http://x/y", target=target)])
    assert manifest["downloads"][0]["target"] == written


def test_dots_elsewhere_are_said_to_be_dots(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"has `\.\.` in it"):
        confined(str(tmp_path), "m/n/../x")
