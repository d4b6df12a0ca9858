"""Commands and SDK calls that start a machine (pod, cluster, VM or job), and what tells two of them apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from gpuspec.commands.shell.wrappers import peel
from gpuspec.commands.word import UNKNOWN, Word
from gpuspec.named_tuple import NamedTuple
from gpuspec.scripts.program import ScriptCommand


class LaunchCommand(NamedTuple):
    """`name` is how it is shown. `identity` are the options (or keywords) that name the machine: with the same
    name it is the same machine; `""` means the first plain argument does. `reuses` are options that put the job on
    machines that stay. `general`: launches anything, so a sign of a GPU is needed. `idempotent`: launching the
    same thing twice changes nothing. `sign`: a word that the script must hold, as the name alone says little.
    `other`: options whose value makes it other work, not the next item of the same."""

    name: str
    words: tuple[str, ...]
    identity: tuple[str, ...] = ()
    reuses: tuple[str, ...] = ()
    general: bool = False
    idempotent: bool = False
    sign: str = ""
    other: tuple[str, ...] = ()


def _command(text: str, *identity: str, **rest: Any) -> LaunchCommand:
    return LaunchCommand(text, tuple(text.split()), identity, **rest)


_POOL: tuple[str, ...] = ("--pool", "-p")
_NEW = "--name"

COMMANDS: tuple[LaunchCommand, ...] = (
    _command("gpu run"),
    _command("gpuspec run", reuses=("--on=local",)),
    _command("sky launch", "-c", "--cluster"),
    _command("sky jobs launch", reuses=_POOL),
    _command("sky job launch", reuses=_POOL),
    _command("sky spot launch"),
    _command("sky serve up", "-n", "--service-name"),
    _command("runpodctl create pod"),
    _command("runpodctl create pods"),
    _command("runpodctl pod create"),
    _command("vastai create instance"),
    _command("vastai create instances"),
    _command("vastai launch instance"),
    _command("vastai launch instances"),
    _command("modal run"),
    _command("dstack apply", "-n", _NEW),
    _command("dstack run", "-n", _NEW),
    _command("lambda-cloud launch", _NEW),
    _command("lambda-cloud run", _NEW),
    _command("prime pods create", _NEW),
    _command("brev create", ""),
    _command("brev start", ""),
    _command("hf jobs run"),
    _command("hf jobs uv run"),
    _command("mcli run"),
    _command("ngc batch run"),
    _command("gradient jobs create"),
    _command("gradient jobs run"),
    _command("ray up", "", "-n", "--cluster-name"),
    _command("gcloud ai custom-jobs create"),
    _command("aws sagemaker create-training-job"),
    _command("aws sagemaker create-processing-job"),
    _command("aws sagemaker create-transform-job"),
    _command("gcloud compute instances create", "", general=True),
    _command("gcloud compute instances create-with-container", "", general=True),
    _command("gcloud compute tpus tpu-vm create", ""),
    _command("aws ec2 run-instances", general=True),
    _command("aws ec2 request-spot-instances", general=True),
    _command("az vm create", "-n", _NEW, general=True),
    _command("az container create", "-n", _NEW, general=True),
    _command("oci compute instance launch", "--display-name", general=True),
    _command("doctl compute droplet create", "", general=True),
    _command("nebius compute instance create", _NEW, general=True),
    _command("fly machine run", general=True),
    _command("sbatch", "-J", "--job-name", general=True),
    _command("kubectl apply", "-f", "--filename", general=True, idempotent=True),
    _command("kubectl create", "-f", "--filename", general=True, idempotent=True),
    _command("kubectl run", "", general=True, idempotent=True),
    _command("helm install", "", general=True, idempotent=True),
    _command("helm upgrade", "", general=True, idempotent=True),
    _command("terraform apply", general=True, idempotent=True),
    _command("tofu apply", general=True, idempotent=True),
)

CALLS: tuple[LaunchCommand, ...] = (
    _command("sky.launch()", "cluster_name="),
    _command("sky.jobs.launch()", reuses=("pool=",)),
    _command("sky.spot_launch()"),
    _command("sky.spot.launch()"),
    _command("sky.serve.up()", "service_name="),
    _command("runpod.create_pod()"),
    _command("create_pod()", sign="runpod"),
    _command("create_instance()", sign="vast"),
    _command("launch_instance()", sign="vast"),
    _command("run_instances()", general=True),
    _command("create_instances()", general=True),
    _command("request_spot_instances()", general=True),
    _command("create_training_job()"),
    _command("estimator.fit()", sign="sagemaker"),
    _command("CustomJob.run()", sign="aiplatform"),
    _command("CustomJob.submit()", sign="aiplatform"),
    _command("Job.run()", sign="lightning_sdk"),
    _command("run_job()", sign="huggingface_hub"),
    _command("run_uv_job()", sign="huggingface_hub"),
    _command("create_namespaced_job()", general=True),
    _command("create_namespaced_pod()", general=True),
    _command("instances.insert()", general=True),
    _command("begin_create_or_update()", general=True),
    _command("instance_client.insert()", general=True),
    _command("runs.submit()", sign="dstack"),
    _command("runs.apply_configuration()", sign="dstack"),
)

_REST = re.compile(
    r"instance-operations/launch|podFindAndDeployOnDemand|podRentInterruptable|rest\.runpod\.io/v1/pods(?![/\w])|vast\.ai/api/v0/asks/"
)
_MENTIONS = (
    "gpuspec", "runpod", "vast", "modal", "dstack", "lambda-cloud", "instance-operations/launch", "mcli", "gradient",
    "custom-jobs", "sagemaker", "create_training_job", "instances", "tpu-vm", "droplet", "sbatch", "kubectl", "helm",
    "terraform", "tofu", "create_namespaced", "begin_create", "podfind", "podrent", "huggingface_hub",
    "lightning_sdk", "aiplatform",
    r"gpu(?<=\bgpu)\s+run\b", r"sky(?<=\bsky)", r"prime\s+pods", r"brev(?<=\bbrev)\b", r"hf(?<=\bhf)\b",
    r"ngc(?<=\bngc)\b", r"ray(?<=\bray)\b", r"vm(?<=\bvm)\b", r"container\s+create", r"instance(?<=\binstance)\b",
    r"fly(?<=\bfly)\b", r"gpu(?<=[\"']gpu)[\"']",
)  # fmt: skip
"""Each begins with plain letters, which `re` finds 50 times as fast as any of several."""


def mentions_launches(text: str) -> bool:
    """Whether a script has anything of this: one without launches nothing, and is not parsed."""
    low = text.lower()
    return any(re.search(mention, low) for mention in _MENTIONS)


_GPU = re.compile(
    r"gpu|nvidia|cuda|accelerator|\b[ahblv]\d{1,3}0{1,2}s?\b|\bt4\b|\bl4\b|rtx|\b(?:p[2345]|g[456])[a-z]*\.\d*x?large|"
    r"\b(?:a[23]|g2)-(?:highgpu|megagpu|ultragpu|standard)|standard_n[cdv]|deeplearning-platform|\btpu",
    re.IGNORECASE,
)
_CPU_ONLY = re.compile(
    r"(?:--machine-type|--instance-type|--size|--shape|InstanceType=?|instance_type=?)[= \x01]*(?:projects\S{0,99}/)?"
    r"(?:[et]\d[a-z]*[.-]|[cmr]\d[a-z]*\.|f1-|g1-|[nc]\d[a-z]*-(?:standard|highcpu|highmem|custom)|standard_[abdef]\d|vm\.standard|s-\d)",
    re.IGNORECASE,
)
_JOB = re.compile(
    r"kind:\s*['\"]?(?:Job|Pod|PyTorchJob|TFJob|MPIJob|RayJob|TrainJob)\b|\bjobs?\b|\bjob[-_./]|[-_/]job",
    re.IGNORECASE,
)
_DRY = re.compile(r"--(?:dry-?run(?:=(?!none|false).*)?|help|version|print-only)$|-h$")

_APART = frozenset({"docker", "podman", "nerdctl", "screen", "xargs", "parallel", "find"})
"""Wrappers that do more than run the command behind them."""


def unwrap(words: Sequence[Word]) -> Sequence[Word]:
    """The command itself: without `sudo`, `timeout 600`, `A=1`, `uv run` and the like."""
    for _ in range(8):
        first = words[0].text if words else ""
        if "=" in first and first.split("=", 1)[0].isidentifier():
            words = words[1:]
        elif first.startswith("python") and len(words) > 2 and words[1].text == "-m":
            words = words[2:]
        else:
            peeled = peel(tuple(words))
            if peeled is None or not peeled.words or peeled.wrapper.name in _APART:
                return words
            words = peeled.words
    return words


def launcher_of(run: ScriptCommand, script: str) -> LaunchCommand | None:
    """What a command or call launches, or None: other commands, dry runs, machines that stay, no sign of a GPU."""
    words = unwrap(run.words)
    if not words:
        return None
    texts = [word.text for word in words]
    found = _sdk(texts) if texts[0].endswith("()") else _named(texts, words[0].names) or _rest(texts)
    if (
        found is None
        or (found.sign and found.sign not in script.lower())
        or any(_DRY.match(text) for text in texts)
    ):
        return None
    if any(_has(texts, option) for option in found.reuses):
        return None
    if found.general and not _gpu_work(found, " ".join(texts), run.fed.text, script):
        return None
    return found


def _named(texts: list[str], names: frozenset[str]) -> LaunchCommand | None:
    program = texts[0].rsplit("/", 1)[-1].removesuffix(".py")
    if program in (UNKNOWN, "") or "$" in program:
        program = _program_in(names, program)
    if texts[0].startswith("./") or program not in _PROGRAMS:
        return None
    program = {"vast": "vastai", "huggingface-cli": "hf", "flyctl": "fly"}.get(program, program)
    behind = texts[1:]
    if program == "gcloud":
        behind = [text for text in behind if text not in ("alpha", "beta")]
    best = None
    for launcher in COMMANDS:
        wanted = list(launcher.words[1:])
        if launcher.words[0] != program:
            continue
        starts = range(min(len(behind), 12)) if launcher.general else range(1)
        if any(behind[at : at + len(wanted)] == wanted for at in starts):
            best = launcher
    return best


_PROGRAMS = {launcher.words[0] for launcher in COMMANDS} | {"vast", "flyctl"}


def _program_in(names: frozenset[str], text: str) -> str:
    """The program that a variable is named after: `$SKY_BIN launch`."""
    named = {part.lower() for name in (*names, text) for part in re.findall(r"[A-Za-z]+", name)}
    return next(
        (
            program
            for program in ("sky", "modal", "runpodctl", "vastai", "dstack", "gpuspec")
            if program in named
        ),
        "",
    )


def _rest(texts: list[str]) -> LaunchCommand | None:
    if texts[0].rsplit("/", 1)[-1] not in ("curl", "wget", "http", "https"):
        return None
    text = " ".join(texts)
    match = _REST.search(text)
    posts = re.search(
        r"(?:^| )(?:-X ?(?:POST|PUT)|--request[ =](?:POST|PUT)|-d|--data\S*|--json|POST|PUT)(?: |$)", text
    )
    return LaunchCommand(f"curl …{match.group()}", (), ()) if match and posts else None


def _sdk(texts: list[str]) -> LaunchCommand | None:
    called = texts[0]
    if called.rsplit(".", 1)[-1] in ("post()", "put()", "request()", "run_graphql_query()"):
        match = _REST.search(" ".join(texts))
        return LaunchCommand(f"{called[:-2]}(…{match.group()})", ()) if match else None
    for launcher in CALLS:
        name = launcher.words[0]
        if (
            called == name
            or called.endswith("." + name)
            or ("." not in name and called.split(".")[-1] == name)
        ):
            return launcher
    return None


def _has(texts: Sequence[str], option: str) -> bool:
    if "=" in option and not option.endswith("="):
        name, value = option.split("=")
        return option in texts or f"{name} {value}" in " ".join(texts)
    return any(
        text == option or (option.startswith("--") and text.startswith(option + "=")) for text in texts
    )


@lru_cache(maxsize=4)  # a here-document's text takes turns with the script's
def _names_gpu(script: str) -> bool:
    """Whether a script has a sign of a GPU. It is asked at each of its launches."""
    return bool(_GPU.search(script))


def _gpu_work(launcher: LaunchCommand, command: str, fed: str, script: str) -> bool:
    if launcher.words[0] == "kubectl" or "namespaced" in launcher.name:
        job = (
            launcher.name == "kubectl run"
            or "namespaced" in launcher.name
            or _JOB.search(command + " " + fed)
        )
        return bool(job) and (bool(_GPU.search(fed + " " + command)) or _names_gpu(script))
    if _CPU_ONLY.search(command) and not _GPU.search(command):
        return False
    return bool(_GPU.search(command)) or _names_gpu(script)


def identity_of(launcher: LaunchCommand, run: ScriptCommand) -> Word | None:
    """The word that names the machine; None where the launch does not name one (a new one each time)."""
    words = list(unwrap(run.words))
    for at, word in enumerate(words):
        for option in launcher.identity:
            if option and word.text == option and at + 1 < len(words):
                return words[at + 1]
            if option.startswith("--") and word.text.startswith(option + "="):
                return word._replace(text=word.text[len(option) + 1 :])
            if (
                len(option) == 2
                and option[0] == "-"
                and word.text.startswith(option)
                and launcher.name.startswith("sky")
            ):
                return word._replace(text=word.text[2:])
    if "" in launcher.identity:
        last = launcher.words[-1]
        behind = words[next(at for at, word in enumerate(words) if word.text == last) + 1 :]
        return next((word for word in behind if not word.text.startswith("-")), None)
    return None


def spec_of(run: ScriptCommand) -> str | None:
    """The literal path of the task or spec file that is launched, if one is named."""
    for word in run.words[1:]:
        if (
            word.text.endswith((".yaml", ".yml", ".jsonc", ".json"))
            and UNKNOWN not in word.text
            and not word.text.startswith("-")
        ):
            return word.text
    return None
