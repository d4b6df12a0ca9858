"""What orchestrators' files say beside a job spec, as formats hand it over."""

from gpuspec.job.deployment import Mount
from gpuspec.job.from_mapping import from_mapping


def test_a_deployment_has_what_is_said_and_where_it_stands() -> None:
    value = {
        "deployment": {
            "kind": "Deployment",
            "shm_gb": 16,
            "mounts": [{"path": "/data", "lasts": False, "pointer": "/spec/volumeMounts/0"}],
            "scaled_by": ["cpu"],
            "retries": 0,
        }
    }
    places = {"/deployment/shm_gb": "/spec/volumes/0/emptyDir/sizeLimit"}
    job = from_mapping(value, places)
    said = job.deployment
    assert said is not None
    assert (said.kind, said.shm_gb, said.scaled_by, said.retries) == ("Deployment", 16, ("cpu",), 0)
    assert said.mounts == (Mount("/data", False, None, "/spec/volumeMounts/0"),)
    assert said.restarts is None
    assert job.pointer("deployment.shm_gb") == "/spec/volumes/0/emptyDir/sizeLimit"


def test_a_spec_has_none() -> None:
    assert from_mapping({"run": "x"}).deployment is None
