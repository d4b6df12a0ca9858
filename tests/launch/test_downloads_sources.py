"""Hubs, buckets, git and scripts: each against something real on this machine."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from waiting import PATIENCE, until
from webserver import COMMIT, WEIGHTS, Site, with_model

from .conftest import Fetch, command


@pytest.fixture
def hub(site: Site) -> Site:
    return with_model(site)


def hf(**more: object) -> dict[str, object]:
    return {"strategy": "hf", "source": "org/model", **more}


def test_a_model_comes_over_plain_http_and_once(hub: Site, fetch: Fetch, tmp_path: Path) -> None:
    env = {"HF_ENDPOINT": hub.url}
    first = fetch(hf(target="models/m", ignore=["onnx/", "*.md"]), env=env)
    assert first.returncode == 0, first.stderr
    folder = tmp_path / "work/models/m"
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]
    asked = len(hub.requests)
    second = fetch(hf(target="models/m", ignore=["onnx/", "*.md"]), env=env)
    assert "0 bytes fetched, 2 of 2 already there" in second.stdout
    assert [path for _, path, _ in hub.requests[asked:]] == ["/api/models/org/model/revision/main?blobs=true"]


@pytest.mark.parametrize(
    ("allow", "expected"),
    [(["*.json"], ["config.json"]), (["onnx/"], ["onnx/model.onnx"]), (["*.onnx"], ["onnx/model.onnx"])],
)
def test_patterns_mean_what_the_hub_means(
    hub: Site, fetch: Fetch, tmp_path: Path, allow: list[str], expected: list[str]
) -> None:
    from huggingface_hub.utils import filter_repo_objects

    names = ["model.safetensors", "config.json", "onnx/model.onnx", "notes.md"]
    assert list(filter_repo_objects(names, allow_patterns=allow)) == expected  # the library itself
    done = fetch(hf(target="m", allow=allow), env={"HF_ENDPOINT": hub.url})
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "work/m"
    assert [str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()] == expected


def test_without_a_target_the_hub_library_finds_it_in_its_cache(
    hub: Site, fetch: Fetch, tmp_path: Path
) -> None:
    done = fetch(hf(), env={"HF_ENDPOINT": hub.url})
    assert done.returncode == 0, done.stderr
    from huggingface_hub import snapshot_download

    found = Path(snapshot_download("org/model", cache_dir=tmp_path / "hf/hub", local_files_only=True))
    assert (found / "model.safetensors").read_bytes() == WEIGHTS


def test_half_a_file_in_the_cache_is_fetched_again(hub: Site, fetch: Fetch, tmp_path: Path) -> None:
    half = tmp_path / f"hf/hub/models--org--model/snapshots/{COMMIT}/model.safetensors"
    half.parent.mkdir(parents=True)
    half.write_bytes(WEIGHTS[:1000])  # a machine that went while it copied, or ran out of disk
    done = fetch(hf(), env={"HF_ENDPOINT": hub.url})
    assert done.returncode == 0, done.stderr
    assert half.read_bytes() == WEIGHTS


def test_two_machines_fetch_into_one_cache_and_do_not_write_to_one_file(
    hub: Site, tmp_path: Path, environment: dict[str, str]
) -> None:
    """As two pods with the same volume do: one's half was the other's whole."""
    weights = f"/org/model/resolve/{COMMIT}/model.safetensors"
    hub.faults[weights] = [("stall", 300_000), ("stall", 400_000)]
    fetcher = command(tmp_path / "machine", [hf()], [sys.executable, "-I", "-S"])
    machines = [
        subprocess.Popen(
            [*fetcher, "--root", str(tmp_path / name)],
            env={**environment, "HF_ENDPOINT": hub.url},
            stdout=subprocess.DEVNULL,
        )
        for name in ("one", "two")
    ]
    folder = tmp_path / f"hf/hub/models--org--model/snapshots/{COMMIT}"
    until(lambda: len(list(folder.glob("model.safetensors*.part"))) == 2)
    hub.release.set()
    assert [machine.wait(PATIENCE) for machine in machines] == [0, 0]
    assert {each.get("Range") for each in hub.got(weights)} == {None, "bytes=300000-", "bytes=400000-"}
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert not list(folder.rglob("*.part"))


def test_what_a_machine_that_went_left_of_a_file_is_removed_from_the_cache(
    hub: Site, fetch: Fetch, tmp_path: Path
) -> None:
    folder = tmp_path / f"hf/hub/models--org--model/snapshots/{COMMIT}"
    folder.mkdir(parents=True)
    left, growing = folder / "model.safetensors.0ld.part", folder / "model.safetensors.n3w.part"
    for part, age in ((left, 2 * 3600), (growing, 60)):
        part.write_bytes(WEIGHTS[:1000])
        os.utime(part, (time.time() - age,) * 2)
    assert fetch(hf(), env={"HF_ENDPOINT": hub.url}).returncode == 0
    assert list(folder.glob("*.part")) == [growing]
    assert growing.stat().st_size == 1000


@pytest.mark.parametrize("target", ["models/m", None])
def test_the_hub_library_fetches_where_it_is_there(
    hub: Site, fetch: Fetch, tmp_path: Path, target: str | None
) -> None:
    env = {"HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_XET": "1"}
    item = hf(allow=["*.json", "*.safetensors"], **({"target": target} if target else {}))
    first = fetch(item, env=env, hub=True)
    assert first.returncode == 0, first.stderr
    assert "700.0 kB fetched" in first.stdout  # 700,000 + 9 bytes, by what was written
    agents = [headers["User-Agent"] for headers in hub.got(f"/org/model/resolve/{COMMIT}/model.safetensors")]
    assert len(agents) == 1
    assert "huggingface" in agents[0].lower() or "hf_hub" in agents[0].lower()
    second = fetch(item, env=env, hub=True)
    assert "0 bytes fetched, 2 of 2 already there" in second.stdout


def test_a_damaged_file_from_the_hub_is_refused(hub: Site, fetch: Fetch, tmp_path: Path) -> None:
    hub.files[f"/org/model/resolve/{COMMIT}/config.json"] = b'{"a": 2}\n'  # same length
    done = fetch(hf(target="m", allow=["config.json"]), env={"HF_ENDPOINT": hub.url})
    assert done.returncode == 1
    assert "git checksum" in done.stderr
    assert not (tmp_path / "work/m/config.json").exists()


@pytest.mark.parametrize("name", ["../../evil", "/etc/evil", "a/../../../evil"])
@pytest.mark.parametrize("target", ["m", None])
def test_a_hostile_listing_cannot_write_elsewhere(
    hub: Site, fetch: Fetch, tmp_path: Path, name: str, target: str | None
) -> None:
    listing = {"sha": COMMIT, "siblings": [{"rfilename": name, "size": 1, "blobId": None}]}
    hub.files["/api/models/org/model/revision/main?blobs=true"] = json.dumps(listing).encode()
    done = fetch(hf(**({"target": target} if target else {})), env={"HF_ENDPOINT": hub.url})
    assert done.returncode == 1
    assert "outside the workspace" in done.stderr
    assert not list(tmp_path.rglob("evil"))


def test_more_than_the_disk_holds_is_refused_before_the_first_byte(hub: Site, fetch: Fetch) -> None:
    listing = {"sha": COMMIT, "siblings": [{"rfilename": "big", "size": 10**18, "blobId": None}]}
    hub.files["/api/models/org/model/revision/main?blobs=true"] = json.dumps(listing).encode()
    done = fetch(hf(target="m"), env={"HF_ENDPOINT": hub.url})
    assert "the downloads need 1000000000.0 GB and" in done.stderr
    assert len(hub.requests) == 1


def test_the_token_goes_to_the_hub_and_not_to_where_it_redirects(
    hub: Site, other_site: Site, fetch: Fetch
) -> None:
    path = f"/org/model/resolve/{COMMIT}/model.safetensors"
    other_site.files["/storage"] = WEIGHTS
    hub.redirects[path] = f"{other_site.url}/storage"
    done = fetch(
        hf(target="m", allow=["*.safetensors"]), env={"HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_canary"}
    )
    assert done.returncode == 0, done.stderr
    assert hub.got(path)[0]["Authorization"] == "Bearer hf_canary"
    assert "Authorization" not in other_site.got("/storage")[0]
    assert "hf_canary" not in done.stdout + done.stderr


def test_a_gated_model_says_what_to_do(hub: Site, fetch: Fetch) -> None:
    hub.faults["/api/models/org/model/revision/main?blobs=true"] = [("status", 401)]
    done = fetch(hf(target="m"), env={"HF_ENDPOINT": hub.url})
    assert "no token was given; accept the licence there" in done.stderr


@pytest.mark.parametrize("source", ["org/model/../..", "a b/c", "-x/y z", "https://huggingface.co/", ""])
def test_what_is_no_repository_is_refused(fetch: Fetch, source: str) -> None:
    done = fetch(
        {"strategy": "hf", "source": source, "target": "m"}, env={"HF_ENDPOINT": "http://127.0.0.1:9"}
    )
    assert done.returncode == 1
    assert "is not the name of a Hugging Face repository" in done.stderr


def test_civitai_by_version_number(site: Site, fetch: Fetch, tmp_path: Path) -> None:
    digest = hashlib.sha256(WEIGHTS).hexdigest().upper()
    files = [{"name": "x.pt"}, {"name": "sd.safetensors", "primary": True, "hashes": {"SHA256": digest}}]
    site.files["/api/v1/model-versions/42"] = json.dumps({"files": files}).encode()
    site.files["/api/download/models/42"] = WEIGHTS
    for source in (
        "42",
        "urn:air:sdxl:checkpoint:civitai:7@42",
        "https://civitai.com/models/7?modelVersionId=42",
    ):
        item = {"strategy": "civitai", "source": source, "target": "loras/"}
        done = fetch(item, env={"CIVITAI_ENDPOINT": site.url, "CIVITAI_TOKEN": "canary"})
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "work/loras/sd.safetensors").read_bytes() == WEIGHTS
    assert len(site.got("/api/download/models/42")) == 1
    assert site.got("/api/download/models/42")[0]["Authorization"] == "Bearer canary"


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "origin"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "data.txt").write_text("one")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "one")
    return folder


def test_git_fetches_a_commit_once(repository: Path, fetch: Fetch, tmp_path: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD")
    item = {"strategy": "git", "source": repository.as_uri(), "revision": commit, "target": "code"}
    assert fetch(item).returncode == 0
    assert (tmp_path / "work/code/data.txt").read_text() == "one"
    shutil.rmtree(repository)  # the second run cannot have asked it
    assert "0 bytes fetched, 1 of 1 already there" in fetch(item).stdout


def test_git_follows_a_branch(repository: Path, fetch: Fetch, tmp_path: Path) -> None:
    item = {"strategy": "git", "source": repository.as_uri(), "revision": "main"}
    assert fetch(item).returncode == 0
    assert "download: 0 bytes fetched" in fetch(item).stdout
    (repository / "data.txt").write_text("two")
    git(repository, "commit", "-qam", "two")
    assert fetch(item).returncode == 0
    assert (tmp_path / "work/origin/data.txt").read_text() == "two"


def test_git_leaves_a_folder_that_is_no_clone(repository: Path, fetch: Fetch, tmp_path: Path) -> None:
    (tmp_path / "work/code").mkdir(parents=True)
    (tmp_path / "work/code/mine").write_text("mine")
    done = fetch({"strategy": "git", "source": repository.as_uri(), "target": "code"})
    assert done.returncode == 1
    assert "is not empty and not a clone" in done.stderr


def test_git_runs_no_hook_of_a_clone_that_is_there(repository: Path, fetch: Fetch, tmp_path: Path) -> None:
    item = {"strategy": "git", "source": repository.as_uri(), "target": "code"}
    assert fetch(item).returncode == 0
    hook = tmp_path / "work/code/.git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
    hook.chmod(0o755)
    git(repository, "commit", "-q", "--allow-empty", "-m", "three")
    assert fetch(item).returncode == 0
    assert git(tmp_path / "work/code", "log", "-1", "--format=%s") == "three"
    assert not (tmp_path / "hooked").exists()


def test_a_tool_of_the_workspace_is_not_run(repository: Path, fetch: Fetch, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    for name in ("git", "bash"):
        (tmp_path / "work" / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/mine\n")
        (tmp_path / "work" / name).chmod(0o755)
    path = {"PATH": ":.:" + os.environ["PATH"]}
    done = fetch({"strategy": "git", "source": repository.as_uri(), "target": "code"}, env=path)
    assert done.returncode == 0, done.stderr
    done = fetch({"strategy": "script", "source": "echo x >made"}, env=path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "work/made").read_text() == "x\n"
    assert not (tmp_path / "mine").exists()


def test_git_takes_no_options_from_a_spec(fetch: Fetch, tmp_path: Path) -> None:
    done = fetch({"strategy": "git", "source": "--upload-pack=touch pwned", "target": "code"})
    assert "is not a repository and revision" in done.stderr
    done = fetch({"strategy": "git", "source": "ext::sh -c touch% pwned", "target": "code"})
    assert done.returncode == 1
    assert not list(tmp_path.rglob("pwned"))


def only(tmp_path: Path, *tools: str) -> str:
    """A PATH with these tools and nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    for tool in tools:
        found = shutil.which(tool)
        assert found
        (folder / tool).symlink_to(found)
    return str(folder)


def test_a_missing_tool_is_named(repository: Path, fetch: Fetch, tmp_path: Path) -> None:
    lfs = {"strategy": "git-lfs", "source": repository.as_uri()}
    assert "no git-lfs" in fetch(lfs, env={"PATH": only(tmp_path, "git")}).stderr
    bucket = {"strategy": "s3", "source": "s3://bucket/folder/"}
    assert "no aws; install it" in fetch(bucket, env={"PATH": str(tmp_path / "bin")}).stderr
    bucket = {"strategy": "gs", "source": "gs://bucket/folder/"}
    assert "no gcloud or gsutil" in fetch(bucket, env={"PATH": str(tmp_path / "bin")}).stderr


@pytest.mark.parametrize(
    ("strategy", "endpoint"), [("s3", "AWS_ENDPOINT_URL"), ("gs", "STORAGE_EMULATOR_HOST")]
)
def test_a_public_object_needs_no_tool(
    site: Site, fetch: Fetch, tmp_path: Path, strategy: str, endpoint: str
) -> None:
    site.files["/bucket/a%20b/model.bin"] = WEIGHTS
    item = {"strategy": strategy, "source": f"{strategy}://bucket/a b/model.bin", "target": "m/"}
    done = fetch(item, env={"PATH": only(tmp_path), endpoint: site.url})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "work/m/model.bin").read_bytes() == WEIGHTS


def test_the_machine_s_own_tool_is_asked_and_its_words_are_kept(fetch: Fetch, tmp_path: Path) -> None:
    folder = Path(only(tmp_path, "bash", "cat"))
    tool = folder / "aws"
    tool.write_text('#!/bin/bash\nprintf "%s\\n" "$@" > called\n[ "$5" ] && printf data > "$5"\n')
    tool.chmod(0o755)
    item = {"strategy": "s3", "source": "s3://bucket/it's $(x)", "target": "m/"}
    done = fetch(item, env={"PATH": str(folder)})
    assert done.returncode == 0, done.stderr
    called = (tmp_path / "work/called").read_text().splitlines()
    assert called == [
        "s3",
        "cp",
        "--no-progress",
        "s3://bucket/it's $(x)",
        str(tmp_path / "work/m/it's $(x)"),
    ]
    assert "1 of 1 already there" in fetch(item, env={"PATH": str(folder)}).stdout
    tool.write_text("#!/bin/bash\necho AccessDenied to that >&2\nexit 7\n")
    done = fetch({**item, "target": "other/"}, env={"PATH": str(folder)})
    assert "aws failed (7): AccessDenied to that" in done.stderr


def test_a_script_runs_once_and_must_make_its_target(fetch: Fetch, tmp_path: Path) -> None:
    item = {"strategy": "script", "source": "mkdir -p d; echo x >> d/log", "target": "d"}
    assert fetch(item).returncode == 0
    assert "0 bytes fetched, 1 of 1 already there" in fetch(item).stdout
    assert (tmp_path / "work/d/log").read_text() == "x\n"
    shutil.rmtree(tmp_path / "work/d")
    assert fetch(item).returncode == 0
    assert (tmp_path / "work/d/log").read_text() == "x\n"
    assert "none is not there" in fetch({"strategy": "script", "source": "true", "target": "none"}).stderr


def state_of(process: int) -> str:
    """Its state in the words of proc(5)."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "gone"


def test_a_script_that_hangs_is_ended_with_all_it_started(fetch: Fetch, tmp_path: Path) -> None:
    item = {"strategy": "script", "source": "sleep 600 & echo $! > child; wait", "timeout": 3}
    done = fetch(item)
    assert "not finished within its timeout" in done.stderr
    child = int((tmp_path / "work/child").read_text())
    # KILL was sent; it takes effect when the process is next to run.
    until(lambda: state_of(child) in ("Z", "X", "gone"))
    assert os.path.exists(tmp_path / "work")
