from unittest import mock

import pytest

from launcher import launch_shard


@pytest.fixture
def fake_pod():
    with mock.patch("launcher.runpod.create_pod") as m:
        m.side_effect = lambda **kw: {"id": "pod-" + kw["name"]}
        yield m


def test_many(fake_pod):
    ids = []
    for shard in range(100):
        ids.append(launch_shard(f"s{shard}"))
    assert len(set(ids)) == 100
    assert fake_pod.call_count == 100


@pytest.mark.parametrize("gpu", ["NVIDIA A40", "NVIDIA L4", "NVIDIA H100 PCIe"])
def test_gpu(fake_pod, gpu):
    launch_shard("x", gpu=gpu)
    assert fake_pod.call_args.kwargs["gpu_type_id"] == gpu
