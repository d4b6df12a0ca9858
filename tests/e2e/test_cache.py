"""`cache` in a bucket, which the machines of real SkyPilot mount by real rclone: what one has downloaded and done,
the next one finds there. The store is `rclone serve s3` (`bucket_store.py`), its buckets are folders here.
Then `cache` in a volume, on pods of a RunPod (`fake_runpod.py`)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from webserver import COMMIT, CONFIG, WEIGHTS, Site, with_model

from .conftest import brought_up
from .controllers_stack import ControllersStack
from .driving import gpuspec, launch, spec, start
from .skypilot_stack import until
from .test_controllers import Client, began, listed
from .vm_stack import GPUS

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not os.path.exists("/dev/fuse"), reason="needs /dev/fuse, to mount a bucket"),
]

MODEL = f"hub/models--org--model/snapshots/{COMMIT}"
WEIGHTS_AT = f"/org/model/resolve/{COMMIT}/model.safetensors"
CONFIG_AT = f"/org/model/resolve/{COMMIT}/config.json"
DOWNLOADS = [{"strategy": "hf", "source": "org/model"}]


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else -1


@pytest.fixture(scope="module")
def cloud() -> Iterator[ControllersStack]:
    yield from brought_up(ControllersStack, "controllers")


@pytest.fixture(scope="module")
def bucket(cloud: ControllersStack) -> Path:
    return cloud.bucket("mine")


@pytest.fixture(scope="module")
def hub(cloud: ControllersStack) -> Iterator[Site]:
    """A hub whose first answer with the weights never comes to its end."""
    made = with_model(Site(cloud.listen()))
    made.faults[WEIGHTS_AT] = [("stall", 1000)]
    yield made
    made.close()


@pytest.fixture(scope="module")
def job(cloud: ControllersStack, hub: Site, bucket: Path, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """A managed job with its cache in a folder of the bucket. Of its items the third waits for a file on a disk that
    outlives machines; each is told there when it begins."""
    return Client(
        cloud, tmp_path_factory.mktemp("e2e") / "job", name="cached", spot="only", cache="vastdata://mine/jobs",
        env={"HF_ENDPOINT": hub.url}, downloads=DOWNLOADS, items=["a", "b", "c"], outputs=["results/"],
        run="mkdir -p results; echo {item} >>/mnt/shared/began; [ -s $HF_HOME/hub/models--org--model/refs/main ]\n"
            "[ {item} != c ] || until [ -e /mnt/shared/go ]; do sleep 0.2; done\n"
            "[ {item} != b ] || until [ -e /mnt/shared/stalled ]; do sleep 0.2; done\n"
            "echo {item} >results/{item}.txt; [ {item} != c ] || echo last >/gpuspec-cache/jobs/last",
    )  # fmt: skip


def test_a_bucket_that_is_not_there_is_said_and_nothing_is_rented(
    cloud: ControllersStack, job: Client, tmp_path: Path
) -> None:
    path = spec(tmp_path, name="nowhere", gpu_types=GPUS, min_vram=20, cache="vastdata://nowhere", run="true")
    done = launch(cloud, path)
    assert done.returncode == 2
    assert "error[cache-bucket]: Attempted to use a non-existent bucket as a source" in done.stderr
    assert "Traceback" not in done.stderr
    assert not any(event["name"].startswith("gs-nowhere") for event in cloud.events())
    assert not (cloud.folder / "cloud" / "buckets" / "nowhere").exists()


def test_half_a_file_of_a_machine_that_went_is_not_taken_for_the_whole(
    cloud: ControllersStack, job: Client, hub: Site, bucket: Path
) -> None:
    assert hub.stalled.wait(400), job.log.read_text()
    # The rest of the model has reached the bucket by then; of the weights there is half a file on the machine.
    model = bucket / "jobs/huggingface" / MODEL
    assert until(lambda: (model / "config.json").exists(), 60, must=False)
    cloud.terminate("gs-cached")
    assert not (model / "model.safetensors").exists()
    # SkyPilot counts setup as part of getting a machine: there is another, and nothing was recovered.
    assert until(lambda: began(cloud) == ["a", "b"], 400, must=False), job.log.read_text()
    assert len(hub.got(CONFIG_AT)) == 1
    assert len(hub.got(WEIGHTS_AT)) == 2  # the half, and the whole
    # The store shows a file from its first byte on.
    assert until(lambda: size_of(model / "model.safetensors") == len(WEIGHTS), 60, must=False)
    assert (model / "model.safetensors").read_bytes() == WEIGHTS


def test_an_item_whose_output_did_not_reach_the_bucket_is_done_again(
    cloud: ControllersStack, job: Client, hub: Site, bucket: Path
) -> None:
    jobs = bucket / "jobs"
    assert until(lambda: any(jobs.glob("gpuspec-*/results/a.txt")), 60, must=False)
    assert until(lambda: any(jobs.glob("gpuspec-*/.gpuspec/*.jsonl")), 60, must=False)
    (kept,) = jobs.glob("gpuspec-*")
    cloud.stop_buckets()
    (cloud.shared / "stalled").touch()
    until(lambda: began(cloud) == ["a", "b", "c"], 20, must=False)  # rclone may wait for its server at "b"
    cloud.terminate("gs-cached")
    cloud.start_buckets()
    assert not (kept / "results/b.txt").exists()
    (cloud.shared / "go").touch()
    assert job.process.wait(timeout=600) == 0, job.log.read_text()
    assert began(cloud) in (["a", "b", "c", "b", "c"], ["a", "b", "b", "c"])
    assert (len(hub.got(CONFIG_AT)), len(hub.got(WEIGHTS_AT))) == (1, 2)  # the third machine fetched nothing
    assert {path.name: path.read_text() for path in (job.folder / "results").iterdir()} == {
        f"{item}.txt": f"{item}\n" for item in "abc"
    }
    machines = [event for event in cloud.events() if event["name"].startswith("gs-cached")]
    assert [each["event"] for each in machines if each["event"] != "ask"] == ["launch", "terminate"] * 3
    assert not any(line.startswith("gs-cached") for line in cloud.machines())
    assert (bucket / "jobs/last").read_text() == "last\n"
    assert (kept / "results/c.txt").read_text() == "c\n"


def test_what_a_job_that_fails_wrote_last_arrives_and_before_a_machine_goes(
    cloud: ControllersStack, job: Client, hub: Site, bucket: Path, tmp_path: Path
) -> None:
    asked = len(hub.got(WEIGHTS_AT))
    client = Client(
        cloud, tmp_path / "job", name="fails", cache="vastdata://mine/jobs", downloads=DOWNLOADS,
        env={"HF_ENDPOINT": hub.url}, outputs=["out/"],
        run="mkdir -p out; cat $HF_HOME/hub/*/*/*/config.json >out/x\n"
            "exec 3>/gpuspec-cache/state; touch /mnt/shared/ready\n"
            "until [ -e /mnt/shared/write ]; do sleep 0.2; done\n"
            "head -c 20000000 /dev/zero >&3; exec 3>&-; touch /mnt/shared/wrote; exit 3",
    )  # fmt: skip
    shared = cloud.shared
    assert until((shared / "ready").exists, 400, must=False), client.log.read_text()
    cloud.stop_buckets()
    (shared / "write").touch()
    assert until((shared / "wrote").exists, 60, must=False)
    assert listed(cloud, "fails")["state"] == "running"  # seconds after its command has ended
    cloud.start_buckets()
    client.says("failed with exit status 3")
    assert client.process.wait(timeout=120) == 1
    assert (bucket / "state").stat().st_size == 20_000_000
    assert len(hub.got(WEIGHTS_AT)) == asked
    assert (client.folder / "out/x").read_bytes() == CONFIG

    # Another file is closed only when the machine is being taken down.
    held = "(head -c 20000000 /dev/zero; until [ -e /mnt/shared/close ]; do sleep 0.1; done) >/gpuspec-cache/later"
    opened = "until [ -s /gpuspec-cache/later ]; do sleep 0.1; done"
    cloud.on_machine("gs-fails", f"{held} 2>/dev/null </dev/null &\n{opened}")
    down = start(cloud, "down", "fails")
    claimed = "[ ! -e ~/.sky/hooks/.teardown_claim ] || echo claimed"
    assert until(lambda: "claimed" in cloud.on_machine("gs-fails", claimed), 60, must=False)
    (shared / "close").touch()
    assert down.wait(timeout=170) == 0
    assert (bucket / "later").stat().st_size == 20_000_000
    assert not any(line.startswith("gs-fails") for line in cloud.machines())


def test_the_hub_library_finds_the_model_in_the_bucket(bucket: Path, job: Client) -> None:
    from huggingface_hub import snapshot_download

    found = snapshot_download("org/model", cache_dir=bucket / "jobs/huggingface/hub", local_files_only=True)
    assert (Path(found) / "model.safetensors").read_bytes() == WEIGHTS


@pytest.fixture(scope="module")
def volume(cloud: ControllersStack) -> Path:
    """What lies in the volume `models`, which is in one of RunPod's data centers."""
    cloud.enable_runpod()
    made = [
        "--name",
        "models",
        "--type",
        "runpod-network-volume",
        "--infra",
        "runpod/CA/CA-MTL-1",
        "--size",
        "10",
    ]
    cloud.run("sky", "volumes", "apply", "-y", *made)
    (folder,) = (cloud.folder / "cloud" / "volumes").iterdir()
    return folder


def pods(cloud: ControllersStack, name: str) -> list[str]:
    """What became of the pods of these runs."""
    return [each["event"] for each in cloud.events() if each["name"].startswith(f"gs-{name}")]


def test_a_volume_that_cannot_be_mounted_is_said_and_nothing_is_rented(
    cloud: ControllersStack, volume: Path, tmp_path: Path
) -> None:
    for cache, region, said in (
        ("nowhere", "CA", "Volume nowhere not found."),
        (
            "models",
            "US",
            "The task requires region:US, which conflicts with the volume constraint region:CA.",
        ),
    ):
        path = spec(
            tmp_path, name="refused", gpu_types=["RTX 4090"], cache=cache, regions=[region], run="true"
        )
        done = launch(cloud, path)
        assert done.returncode == 2
        assert f"error[cache-volume]: {said}" in done.stderr
    assert not pods(cloud, "refused")


def test_a_model_in_a_volume_outlives_its_pod(cloud: ControllersStack, volume: Path, tmp_path: Path) -> None:
    def run(name: str) -> None:
        (tmp_path / name).mkdir()
        path = spec(
            tmp_path / name, name=name, gpu_types=["RTX 4090"], cache="models", downloads=DOWNLOADS,
            env={"HF_ENDPOINT": hub.url}, outputs=["out/"],
            run=f"mkdir out; cat $HF_HOME/hub/*/*/*/config.json >out/x; echo {name} >>/gpuspec-cache/runs",
        )  # fmt: skip
        done = launch(cloud, path)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / name / "out/x").read_bytes() == CONFIG

    with closing(with_model(Site(cloud.listen()))) as hub:
        run("one")
        assert gpuspec(cloud, "down", "one").returncode == 0
        assert pods(cloud, "one") == ["ask", "launch", "terminate"]
        assert (volume / "huggingface" / MODEL / "model.safetensors").read_bytes() == WEIGHTS
        run("two")
        assert pods(cloud, "two") == ["ask", "launch"]
        assert (len(hub.got(CONFIG_AT)), len(hub.got(WEIGHTS_AT))) == (1, 1)  # the second fetched nothing
    assert (volume / "runs").read_text() == "one\ntwo\n"
