"""`gpuspec import`, `--job`, and what `run` and `export` do with jobs of other tools."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gpuspec.cli.main import main

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: one}
spec:
  nodeSelector: {cloud.google.com/gke-accelerator: nvidia-l4}
  containers:
  - name: main
    image: vllm/vllm-openai:v0.11.0
    args: [--model, Qwen/Qwen2.5-1.5B-Instruct]
    env:
    - {name: HF_TOKEN, value: hf_aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3z}
    resources: {limits: {nvidia.com/gpu: 1}}
"""
VOLUMES = """\
  volumes:
  - name: data
    persistentVolumeClaim: {claimName: data}
"""
TWO = POD + "---\n" + POD.replace("one", "two")
TOKEN = "hf_aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3z"


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))

    def run(text: str, *words: str) -> tuple[int, str, str]:
        (tmp_path / "pod.yaml").write_text(text)
        status = main(list(words))
        done = capfd.readouterr()
        return status, done.out, done.err

    return run


def test_import_writes_a_spec_without_keys_that_lint_takes(said, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    status, out, _ = said(POD + VOLUMES, "import", "pod.yaml")
    assert status == 0
    assert TOKEN not in out
    assert '"secrets": ["HF_TOKEN"]' in out
    assert "//   spec.volumes (pod.yaml:13): the files of a volume claim\n" in out
    (tmp_path / "job.jsonc").write_text(out)
    status, _, err = said(POD, "lint", "--select", "GS0", "job.jsonc")
    assert (status, err) == (0, "")


def test_import_replaces_no_file(said, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert said(POD, "import", "pod.yaml", "-o", "job.jsonc")[0] == 0
    before = (tmp_path / "job.jsonc").read_text()
    status, _, err = said(POD, "import", "pod.yaml", "-o", "job.jsonc")
    assert status == 2
    assert "error[file-exists]" in err
    assert (tmp_path / "job.jsonc").read_text() == before


def test_every_job_of_a_file_goes_into_a_file_of_its_own(said, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert said(TWO, "import", "pod.yaml", "--all")[0] == 0
    assert {path.name for path in tmp_path.glob("*.job.jsonc")} == {"one.job.jsonc", "two.job.jsonc"}
    status, _, err = said(TWO, "import", "pod.yaml", "--all", "--job", "one")
    assert (status, "error[wrong-usage]" in err) == (2, True)


@pytest.mark.parametrize("command", ["import", "plan", "size", "breakeven", "export", "show"])
def test_one_of_several_jobs_is_named(said, command: str) -> None:  # type: ignore[no-untyped-def]
    text = TWO.replace(TOKEN, "x")
    if command != "show":
        status, _, err = said(text, command, "pod.yaml")
        assert (status, "error[several-jobs]" in err, "(two)" in err) == (2, True, True)
    for name in ("two", "doc:1#/spec/containers/0"):
        _, _, err = said(text, command, "pod.yaml", "--job", name)
        assert "several" not in err
        assert "no-such-job" not in err
    status, _, err = said(text, command, "pod.yaml", "--job", "three")
    assert (status, "error[no-such-job]" in err) == (2, True)


def test_run_refuses_a_job_that_would_lack_something(said) -> None:  # type: ignore[no-untyped-def]
    status, _, err = said(POD.replace(TOKEN, "x") + VOLUMES, "run", "pod.yaml", "--yes")
    assert status == 2
    assert "error[would-be-lost]" in err
    assert "pod.yaml:13" in err


def test_run_refuses_a_job_for_which_no_machine_can_be_chosen(said) -> None:  # type: ignore[no-untyped-def]
    text = POD.replace("--model, Qwen/Qwen2.5-1.5B-Instruct", "").replace(TOKEN, "x")
    text = "\n".join(line for line in text.splitlines() if "nodeSelector" not in line)
    status, _, err = said(text, "run", "pod.yaml", "--yes")
    assert status == 2
    assert "error[no-gpu-named]" in err


def test_a_dry_run_of_a_whole_job_says_what_would_be_launched(said, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    status, out, _ = said(POD.replace(TOKEN, "x"), "run", "--dry-run", "pod.yaml")
    assert status == 0
    assert "vllm serve --model Qwen/Qwen2.5-1.5B-Instruct" in out
    assert "autostop" in out
    # What lies beside a manifest may be a whole repository: none of it goes to a rented machine.
    assert f"workdir: {tmp_path}/state/no-files\n" in out
    assert "workdir" not in said(POD.replace(TOKEN, "x"), "export", "pod.yaml")[1]


def test_run_stops_at_what_a_job_may_need_and_nobody_reads(said) -> None:  # type: ignore[no-untyped-def]
    more = "spec:\n  serviceAccountName: reader\n  imagePullSecrets: [{name: login}]\n  neverHeardOf: 1\n"
    text = POD.replace("spec:\n", more, 1)
    text = text.replace(
        "v0.11.0\n", "v0.11.0\n    workingDir: /srv\n    securityContext: {runAsUser: 1000}\n"
    )
    status, _, err = said(text.replace(TOKEN, "no"), "run", "--dry-run", "pod.yaml")
    assert status == 2
    refused = err[err.index("error[would-be-lost]") :]
    for word in ("serviceAccountName", "imagePullSecrets", "neverHeardOf", "workingDir"):
        assert word in refused
    assert "securityContext" not in refused


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("sky.yaml", "resources: {accelerators: L4:1, infra: k8s}\nrun: nvidia-smi\n", "machines of its own"),
        ("sky.yaml", "resources: {accelerators: L4:1}\nconfig: {gcp: {vpc: x}}\nrun: nvidia-smi\n", "config"),
        (
            "compose.yaml",
            "services:\n  a:\n    image: x/y:1\n    command: nvidia-smi\n    secrets: [key]\n    gpus: all\n",
            "secrets (compose.yaml:5): files of keys",
        ),
        (
            "a.sbatch",
            "#!/bin/bash\n#SBATCH --gres=gpu:l4:1 --dependency=afterok:1\nnvidia-smi\n",
            "waits for",
        ),
        ("job.yaml", POD.replace("v1\nkind: Pod", "batch/v1\nkind: Job", 1), ""),
    ],
)
def test_run_stops_where_another_launcher_gives_more(  # type: ignore[no-untyped-def]
    said, tmp_path: Path, name: str, text: str, told: str
) -> None:
    if not told:
        pod = text[text.index("spec:") :].replace("\n", "\n    ").rstrip()
        text = text[: text.index("spec:")] + f"spec:\n  completions: 10\n  template:\n    {pod}\n"
        text, told = text.replace(TOKEN, "no"), "10 runs of it"
    (tmp_path / name).write_text(text)
    status, _, err = said(POD, "run", "--dry-run", "--assume-gpu", "L4", name)
    assert (status, "error[would-be-lost]" in err) == (2, True)
    assert told in err[err.index("error[would-be-lost]") :]


def test_an_imported_spec_names_the_folder_of_its_files_or_is_not_written(said, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    for folder in ("src", "other"):
        (tmp_path / folder).mkdir()
    (tmp_path / "src" / "a.sbatch").write_text("#!/bin/bash\n#SBATCH --gres=gpu:l4:1\npython train.py\n")
    assert said(POD, "import", "src/a.sbatch", "-o", "top.jsonc")[0] == 0
    assert '"workdir": "src"' in (tmp_path / "top.jsonc").read_text()
    assert said(POD, "import", "src/a.sbatch", "-o", "src/a.jsonc")[0] == 0
    assert "workdir" not in (tmp_path / "src" / "a.jsonc").read_text()
    status, _, err = said(POD, "import", "src/a.sbatch", "-o", "other/a.jsonc")
    assert (status, "error[workdir-outside]" in err) == (2, True)
    assert not (tmp_path / "other" / "a.jsonc").exists()


def test_what_kubectl_writes_as_json_is_a_manifest(said, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    container = {"name": "c", "image": "x/y:1", "resources": {"limits": {"nvidia.com/gpu": "1"}}}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"containers": [container]},
    }
    (tmp_path / "got.json").write_text(
        json.dumps({"apiVersion": "v1", "items": [pod], "kind": "List"}, indent=4)
    )
    status, out, _ = said(POD, "show", "got.json")
    assert status == 0
    assert "kubernetes" in out
    assert "x/y:1" in out


def test_words_that_an_operator_fills_in_are_not_written(said) -> None:  # type: ignore[no-untyped-def]
    text = (
        "apiVersion: kaito.sh/v1alpha1\nkind: MultiRoleInference\nmetadata: {name: m}\nspec:\n"
        "  model: {name: Qwen/Qwen2.5-7B-Instruct}\n"
        "  roles: [{type: prefill, instanceType: Standard_NC24ads_A100_v4}]\n"
    )
    status, out, _ = said(text, "import", "pod.yaml")
    assert status == 0
    assert '"run": "vllm serve Qwen/Qwen2.5-7B-Instruct"' in out
    assert "as many machines as KAITO works out" in out


def test_slurm_reads_the_whole_name_of_an_image(said, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    job = '{"gpu_types": ["L4"], "image": "nvcr.io/nvidia/pytorch:24.01-py3", "run": "nvidia-smi"}'
    (tmp_path / "job.jsonc").write_text(job)
    status, out, _ = said(POD, "export", "--to", "sbatch", "job.jsonc")
    assert status == 0
    assert "#SBATCH --container-image=nvcr.io\\#nvidia/pytorch:24.01-py3\n" in out


def test_a_short_password_is_named_and_not_written(said) -> None:  # type: ignore[no-untyped-def]
    text = POD.replace("name: HF_TOKEN", "name: DB_PASSWORD").replace(TOKEN, "Zx9kQ2vB7m")
    status, out, _ = said(text, "import", "pod.yaml")
    assert (status, "Zx9kQ2vB7m" in out) == (0, False)
    assert '"secrets": ["DB_PASSWORD"]' in out
