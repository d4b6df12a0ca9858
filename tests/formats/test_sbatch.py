"""sbatch scripts. Expected values: sbatch(1) and gres.html of Slurm 23.11, and arithmetic by hand."""

from __future__ import annotations

import pytest

from gpuspec.formats import Document, read
from gpuspec.formats.sbatch.request import array, hours
from gpuspec.lint.files import lint_data
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Settings
from gpuspec.planning.case import Case
from gpuspec.report.show import understood
from gpuspec.rules import collect


def documents(text: str, path: str = "job.sh") -> tuple[Document, ...]:
    return read(path, text.encode(), guess=False)


def facts(head: str, body: str = "python gpu.py\n") -> dict[str, object]:
    """What is understood of a script with these directives."""
    lines = "".join(f"#SBATCH {line}\n" for line in head.splitlines())
    (document,) = documents(f"#!/bin/bash\n{lines}{body}")
    return understood(Case(document, on_disk=False))


def gpus(head: str) -> list[tuple[object, object]]:
    found = facts(head)["gpus"]
    assert isinstance(found, list)
    return [(each["gpu"], each["count"]) for each in found]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("--gres=gpu:2", [(None, 2)]),
        ("--gres=gpu", [(None, 1)]),
        ("--gres gpu:v100:2(S:0-1),nvme:1", [("v100", 2)]),
        ("--gres=gpu:volta:2", [(None, 2)]),  # the site's own name
        ("--gres=gpu:l40s", [("L40S", 1)]),
        ("--gres=gpu:0", []),
        ("--gres=gpu:$N", []),
        ("--gres=shard:4", []),
        ("--gres=gpu:4 # --gres=gpu:8", [(None, 4)]),
        ("--gres=gpu:2\n--gres=gpu:4", [(None, 4)]),  # the last one counts
        ("--gpus-per-node=h200:8\n-N4", [("H200 SXM", 8)]),
        ("--gpus-per-n=8", [(None, 8)]),  # names may be cut short
        ("-G 8\n-N 2", [(None, 4)]),  # per job
        ("--gpus=h200:8\n--nodes=4", [("H200 SXM", 2)]),
        ("--gpus=64", []),  # over nobody knows how many nodes
        ("--gpus-per-task=1\n--ntasks=8 --nodes=2", [(None, 4)]),
        ("--gpus-per-task=2\n--ntasks-per-node=4\n-N 2", [(None, 8)]),
        ("--gpus-per-socket=2\n--sockets-per-node=2", [(None, 4)]),
        ("--gpus-per-socket=2", []),
        ("--tres-per-node=gres/gpu:l4:2", [("L4", 2)]),
        ("--tres-per-task=gres/gpu:2\n-n 2", [(None, 4)]),
        ("--gres=gpu:2\n-C l40s", [("L40S", 2)]),
        ('--gres=gpu:2\n--constraint="l40s|l4"', [("L40S", 2), ("L4", 2)]),
        ("--gres=gpu:a100:4\n-C 80gb", [("A100 80GB", 4)]),
        ("--gres=gpu:2\n-C gpu80,nvlink", [(None, 2)]),
        ("-C l40s", []),  # asks for a node, for no GPU of it
        ("--exclusive\n--partition=a100\n--account=h100", []),
    ],
)
def test_gpus_of_each_node(head: str, expected: object) -> None:
    assert gpus(head) == expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("-N2", 2),
        ("--nodes=2-4", 2),
        ("--nodes 1k", 1024),
        ("--nodes=$N", None),
        ("--ntasks=16 --ntasks-per-node=8", 2),
        ("--ntasks=4", None),
        ("-QN3", 3),
    ],
)
def test_nodes(head: str, expected: object) -> None:
    assert facts(head)["nodes"] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90", 1.5), ("90:30", 90.5 / 60), ("1:30:36", 1.51), ("2-12", 60), ("1-00:30", 24.5), ("1-1:1:12", 25.02),
        ("0", None), ("UNLIMITED", None), ("$T", None), ("", None),
    ],
)  # fmt: skip
def test_time_limits(text: str, expected: float | None) -> None:
    assert hours(text) == (expected and pytest.approx(expected))


def test_arrays() -> None:
    assert array("0-3") == ("0", "1", "2", "3")
    assert array("1,5-9:2%4") == ("1", "5", "7", "9")
    assert array("0-9999999") is None
    assert array("$A") is None


def test_directives_end_at_the_first_command() -> None:
    assert facts("-N 2", "cd /tmp\n#SBATCH -N 4\n#SBATCH --gres=gpu:4\npython gpu.py\n")["nodes"] == 2


def test_what_is_a_script() -> None:
    text = "#!/bin/bash\n#SBATCH --gres=gpu:1\n./a\n"
    assert len(documents(text, "job")) == 1
    assert len(documents(text, "notes.md")) == 1  # it is what it holds
    assert documents(f"# Jobs\n```\n{text}```\n", "notes.md") == ()
    assert documents(text.replace("bash", "env python"), "job.py") == ()
    assert documents("#!/bin/sh\n # SBATCH --gres=gpu:1\n##SBATCH --gres=gpu:1\n", "job.sh") == ()
    assert documents("#!/bin/sh\n#SBATCH --mem=1G\nls\n", "job.sh") == ()  # nothing of GPUs


def test_here_documents_are_scripts_of_their_own() -> None:
    text = (
        "#!/bin/bash\n#SBATCH --gres=gpu:1\nN=4\nfor lr in 1 2; do\n  sbatch <<EOF\n#!/bin/bash\n"
        "#SBATCH --gres=gpu:$N\n#SBATCH --nodes=2\npython a.py $lr --gpus \\$SLURM_NNODES\nEOF\ndone\n"
        "sbatch <<'END'\n#!/bin/bash\n#SBATCH --gres=gpu:$N\nvllm serve Qwen/Qwen3-8B\nEND\n"
    )
    found = [understood(Case(document, on_disk=False)) for document in documents(text)]
    assert [job["place"] for job in found] == ["/0", "/1", "/2"]
    assert [job["gpus"] for job in found] == [
        [{"gpu": None, "count": 1}],
        [{"gpu": None, "count": 4}],
        [],
    ]
    assert found[1]["where"]["gpus"]["line"] == 7
    assert found[2]["where"]["model"]["line"] == 15
    assert found[2]["model"] == "Qwen/Qwen3-8B"


def test_a_part_of_a_heterogeneous_job_is_a_job() -> None:
    (document,) = documents(
        "#!/bin/bash\n#SBATCH --mem=1G\n#SBATCH hetjob\n#SBATCH --gres=gpu:l4:2\n#SBATCH -N 3\nsrun ./gpu\n"
    )
    assert document.job is not None
    assert (document.job.gpu_types[0].name, document.job.nodes) == ("l4", 3)


def test_its_commands_are_read() -> None:
    found = facts(
        "-N 2\n--gres=gpu:8\n--ntasks-per-node=1\n--job-name=ft # ours",
        "module load cuda\nsrun --ntasks 2 --container-image nvcr.io#nvidia/pytorch:24.03-py3 torchrun "
        "--nnodes=$SLURM_NNODES --nproc_per_node $SLURM_GPUS_ON_NODE train.py "
        "--model_name_or_path meta-llama/Llama-3.1-8B\n",
    )
    assert (found["name"], found["nodes"], found["task"]) == ("ft", 2, "train")
    assert found["model"] == "meta-llama/Llama-3.1-8B"
    assert found["image"] == "nvcr.io/nvidia/pytorch:24.03-py3"
    assert found["where"]["model"]["line"] == 7  # type: ignore[index]


def test_images() -> None:
    assert facts(r"--container-image=nvcr.io\#nvidia/nemo:24.07")["image"] == "nvcr.io/nvidia/nemo:24.07"
    assert facts("--container-image=/img/a.sqsh")["image"] is None
    found = facts(
        "-N1",
        "apptainer exec --nv -B /a:/b docker://vllm/vllm-openai:v0.6.3 vllm serve Qwen/Qwen3-8B -tp 2\n",
    )
    assert (found["image"], found["engine"], found["tp"]) == ("vllm/vllm-openai:v0.6.3", "vllm", 2)


def test_findings_stand_in_the_file_and_can_be_silenced() -> None:
    text = (
        "#!/bin/bash\r\n#SBATCH --gres=gpu:l4:1\r\n#SBATCH --time=60\r\n\r\n"
        "vllm serve meta-llama/Llama-3.1-70B-Instruct\r\n"
    )
    linter = Linter(collect(), debug=True)
    found = lint_data(linter, "a.sh", text.encode(), Settings(), on_disk=False)
    (small,) = [each for each in found if each.finding.code == "GS102"]
    assert (small.place.line, small.place.column) == (2, 9)
    silenced = text.replace("#SBATCH --gres", "# gpuspec: ignore[GS102, GS9999] ours\r\n#SBATCH --gres")
    codes = [
        each.finding.code for each in lint_data(linter, "a.sh", silenced.encode(), Settings(), on_disk=False)
    ]
    assert "GS102" not in codes
    assert codes.count("GS008") == 1  # of GS9999, said once though the file is a script, too


def test_launches_in_a_loop_are_still_found() -> None:
    text = (
        "#!/bin/bash\n#SBATCH --gres=gpu:1\nfor f in *.txt; do\n  sky launch -y gpu.yaml --env F=$f\ndone\n"
    )
    codes = {
        each.finding.code
        for each in lint_data(Linter(collect(), debug=True), "a.sh", text.encode(), Settings(), on_disk=False)
    }
    assert "GS301" in codes


@pytest.mark.parametrize(
    "line",
    ["--gres=gpu:" + "9" * 5000, "--gres=" + "gpu:1," * 50_000, "-N " + "9" * 9000, '"', "\\", "--", "-", "--=",
     "-t -t", "--array=1-9999999", "--constraint=" + "l40s|" * 20_000, "--time=" + "9-" * 1000],
)  # fmt: skip
def test_hostile_directives(line: str) -> None:
    facts(line)
