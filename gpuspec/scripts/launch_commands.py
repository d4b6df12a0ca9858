"""Which commands and calls of a script launch a machine, and what tells two of them apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from gpuspec.commands.shell.wrappers import SHELLS, peel
from gpuspec.commands.word import FIRST_MARK, LAST_MARK, UNKNOWN, Word
from gpuspec.scripts.beside import ScriptSource
from gpuspec.scripts.launchers import CALLS, COMMANDS, REST, LaunchCommand
from gpuspec.scripts.program import ScriptCommand

_GPU = re.compile(
    r"gpu|nvidia|cuda|accelerator|\b[ahblv]\d{1,3}0{1,2}s?\b|\bt4\b|\bl4\b|rtx|\b(?:p[2345]|g[456])[a-z]*\.\d*x?large|"
    r"\b(?:a[23]|g2)-(?:highgpu|megagpu|ultragpu|standard)|standard_n[cdv]|deeplearning-platform|\btpu",
    re.IGNORECASE,
)
_CPU_ONLY = re.compile(
    r"(?:(?:^|\s)(?:-p|--partition)[= ]\w*cpu\w*)|"
    r"(?:--machine-type|--instance-type|--size|--shape|InstanceType=?|instance_type=?|machine_type)[\"']?[:= \x01]*"
    r"[\"']?(?:projects\S{0,99}/)?(?:ml\.)?"
    r"(?:[et]\d[a-z]*[.-]|[cmr]\d[a-z]*\.|f1-|g1-|[nc]\d[a-z]*-(?:standard|highcpu|highmem|custom)|standard_[abdef]\d|vm\.standard|s-\d)",
    re.IGNORECASE,
)
_NONE = re.compile(r"\b\w{0,40}?gpus?\w{0,40}[\"']?\s{0,9}[=:]\s{0,9}(?:0|None|False)\b")
"""Says that there is no GPU: `gpus_per_node=0`."""
_ELSEWHERE = re.compile(r"(?:Local|Debug)Executor\.|\bSKLearn\w{0,40}\.|Spark\w{0,40}Processor\.")
"""What runs here, or has never a GPU: executors of submitit, SageMaker's scikit-learn and Spark."""
_JOB = re.compile(
    r"kind:\s*['\"]?(?:Job|Pod|PyTorchJob|TFJob|MPIJob|RayJob|TrainJob)\b|\bjobs?\b|\bjob[-_./]|[-_/]job",
    re.IGNORECASE,
)
_JOB_KIND = re.compile(
    r"kind\W{1,4}(?:Job|Pod|PyTorchJob|TFJob|MPIJob|RayJob|TrainJob|Workflow|JobSet|VCJob|PodGroup)\b"
)
_CONTINUES = re.compile(r"--dependency[= ]\S*\x01|(?:^| )-d ?after\w*:")
"""A job that waits for the one before it: one long run in pieces."""
_MACHINE = re.compile(r"resource\s+\"\w*(?:instance|machine|droplet|server|pod|vm|linode)(?:_request)?\"")
"""A machine of Terraform's, which no cluster's pool of nodes is."""
_STAYS = re.compile(r"(?m)^[\"']?type[\"']?:\s*[\"']?(?:service|dev-environment|fleet|gateway|volume)\b")
"""dstack: what stays until somebody removes it is no item."""
_IN_FOLDER = re.compile(rf"^([\w.-][\w./-]*/[\w.-]*){UNKNOWN}[{FIRST_MARK}-{LAST_MARK}]*([\w.-]*)$")
"""`jobs/$name.yaml`: one of the files there tells what all are."""
_LIST = re.compile(r"\.(?:csv|tsv|txt|lst|list|jsonl|ndjson|log)$")
"""What a loop goes over tells nothing of the machine."""
_NO_GPU = re.compile(r"(?:--gpus?|--gpu-count|--num-gpus)[= ]0(?: |$)")
_OTHER_WORK = re.compile(
    r"(?:--?)?(?:status|stop|down|kill|cancel|delete|destroy|terminate|remove|rm|list|ls|logs?|tail|fetch|collect|sync|"
    r"download|pull|results?|report|plot|summary|check|verify|validate|wait|attach|ssh|cleanup|clean|prepare|"
    r"dry-?run|help|plan|build|test|show|info|queue)"
)
"""What a program that also launches may be asked to do instead."""
_MODULE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
MODAL = "modal function "
"""Begins the word that stands for a call of a function in Modal's containers."""
_DRY = re.compile(r"--(?:dry-?run(?:=(?!none|false).*)?|help|version|print-only)$|-h$")

_APART = frozenset({"docker", "podman", "nerdctl", "screen", "xargs", "parallel", "find", "ray"})
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


def launcher_of(run: ScriptCommand, source: ScriptSource) -> LaunchCommand | None:
    """What a command or call launches, or None: other commands, dry runs, machines that stay, no sign of a GPU."""
    words = unwrap(run.words)
    if not words:
        return None
    texts = [word.text for word in words]
    if texts[0].startswith(MODAL):
        return LaunchCommand(texts[0][len(MODAL) :], (texts[0],), kind="container")
    if texts[0].endswith("()"):
        found = _sdk(texts, source)
    else:
        found = _named(texts, words[0].names) or _rest(texts) or _of_repository(texts, source)
    if (
        found is None
        or (found.sign and not source.holds(found.sign))
        or any(_DRY.match(text) for text in texts)
        or _CONTINUES.search(" ".join(texts))
    ):
        return None
    if any(_has(texts, option) for option in found.reuses) or not _asks(found, texts):
        return None
    if (found.general or found.manifest) and not _gpu_work(found, texts, run.fed.text, source):
        return None
    if found.words[:1] == ("dstack",) and any(_STAYS.search(text) for text in _manifests(texts[1:], source)):
        return None
    return None if _NO_GPU.search(" ".join(texts)) else found


def _of_repository(texts: list[str], source: ScriptSource) -> LaunchCommand | None:
    """What a function of a sourced file, or a program of the repository launches."""
    if texts[0] in source.functions:
        return source.functions[texts[0]]
    if texts[0] in ("make", "gmake", "just", "npm", "pnpm", "yarn", "bun"):
        return next((found for text in texts[1:] if (found := source.recipe(texts[0], text))), None)
    if _MODULE.fullmatch(texts[0]) and not texts[0].endswith((".py", ".sh")):  # python -m tools.launch
        other = _is_other_work(texts[1:])
        return None if other else source.wrapper(texts[0].replace(".", "/") + ".py")
    program = texts[0].rsplit("/", 1)[-1]
    at = 0
    if program in SHELLS or program.startswith("python"):
        at = next((at for at, text in enumerate(texts[1:], 1) if not text.startswith("-")), 0)
        if not at:
            return None
    elif "/" not in texts[0] and not program.endswith((".py", ".sh")):
        return None
    return None if _is_other_work(texts[at + 1 :]) else source.wrapper(texts[at])


def _is_other_work(texts: list[str]) -> bool:
    """Whether the words behind a program's name ask it for something else than a launch."""
    return any(_OTHER_WORK.fullmatch(text) for text in texts[:1]) or any(
        text.startswith("-") and _OTHER_WORK.fullmatch(text) for text in texts
    )


def _named(texts: list[str], names: frozenset[str]) -> LaunchCommand | None:
    program = texts[0].rsplit("/", 1)[-1]
    if program in (UNKNOWN, "") or "$" in program:
        program = _program_in(names, program)
    if program == "mason.py" or (
        len(texts) > 1 and texts[1].endswith("mason.py") and program.startswith("python")
    ):
        return _MASON
    program = program.removesuffix(".py")
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
        if not wanted or any(behind[at : at + len(wanted)] == wanted for at in starts):
            best = launcher
    return best


_MASON = next(launcher for launcher in COMMANDS if launcher.name == "mason.py")
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
    match = REST.search(text)
    posts = re.search(
        r"(?:^| )(?:-X ?(?:POST|PUT)|--request[ =](?:POST|PUT)|-d|--data\S*|--json|POST|PUT)(?: |$)", text
    )
    return LaunchCommand(f"curl …{match.group()}", ()) if match and posts else None


def _asks(launcher: LaunchCommand, texts: list[str]) -> bool:
    """Whether the option that must be there is given something."""
    return not launcher.asks or any(
        text == launcher.asks and after != "None" for text, after in pairwise([*texts, ""])
    )


def is_cpu_only(asked: str) -> bool:
    """Whether what is asked for, as text, names a machine without a GPU."""
    return bool(_CPU_ONLY.search(asked)) and not _GPU.search(_NONE.sub("", asked))


def _sdk(texts: list[str], source: ScriptSource) -> LaunchCommand | None:
    called = texts[0]
    if _ELSEWHERE.search(called):
        return None
    if called.rsplit(".", 1)[-1] in ("post()", "put()", "request()", "run_graphql_query()"):
        match = REST.search(" ".join(texts))
        return LaunchCommand(f"{called[:-2]}(…{match.group()})", ()) if match else None
    for launcher in CALLS:
        name = launcher.words[0]
        if launcher.sign and not source.holds(launcher.sign):
            continue  # another library has a function of this name
        if launcher.package == "submitit" and source.holds(".batch()"):
            continue  # what is submitted inside it is one array
        if launcher.package:
            if called.startswith(launcher.package + ".") and called.endswith("." + name):
                return launcher
        elif (
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
    return bool(_GPU.search(_NONE.sub("", script)))


def _gpu_work(launcher: LaunchCommand, texts: list[str], fed: str, source: ScriptSource) -> bool:
    """Whether what is launched is work for a GPU: its manifest says so, where it is at hand; else the command, else
    the script."""
    command = " ".join(texts)
    program = launcher.words[0] if launcher.words else ""
    if program in ("terraform", "tofu") and (written := _terraform(command, source)) is not None:
        return bool(_GPU.search(written) and _MACHINE.search(written))
    pods = program in ("kubectl", "oc") or "namespaced" in launcher.name
    if launcher.manifest or pods:
        there = _manifests([*texts[1:], *fed.split()], source)
        if not there and (pods and ("-" in texts or UNKNOWN in command or "namespaced" in launcher.name)):
            there = [text for text in source.mentioned if _JOB_KIND.search(text)]
        if there and not (launcher.queue and _GPU.search(fed)):
            return any(_GPU.search(text + command) and (not pods or _JOB_KIND.search(text)) for text in there)
    if pods:
        told = launcher.name == "kubectl run" or "namespaced" in launcher.name
        if not told and not _JOB.search(command + " " + fed):
            return False
        return bool(_GPU.search(fed + " " + command)) or _names_gpu(source.code)
    if launcher.manifest and (not launcher.general or any(map(_GPU.search, source.mentioned))):
        return True
    if _CPU_ONLY.search(command) and not _GPU.search(command):
        return False
    return bool(_GPU.search(command)) or _names_gpu(source.code)


def _terraform(command: str, source: ScriptSource) -> str | None:
    """What is written in the folder that Terraform is run in; None where it is not at hand."""
    folders = re.findall(r"-chdir[= ]([\w./-]+)", command) or re.findall(
        r"(?m)^\s*(?:cd|pushd) \"?([\w./-]+)", source.code
    )
    texts = (
        source.read(f"{folder}/{name}")
        for folder in (*folders[-3:], ".")
        for name in ("main.tf", "instances.tf", "gpu.tf", "*.tf")
    )
    return next((text for text in texts if text is not None), None)


def _manifests(texts: list[str], source: ScriptSource) -> list[str]:
    """The texts of the files that a command names."""
    names = [
        _IN_FOLDER.sub(r"\1*\2", text.partition("=")[2] or text)
        for text in texts
        if re.search(rf"[\w}}{UNKNOWN}{FIRST_MARK}-{LAST_MARK}]\.[a-z0-9]{{1,9}}$", text)
        and not _LIST.search(text)
    ]
    if texts[:2] == ["helm", "template"] or "template" in texts:
        charts = [text for text in texts if re.fullmatch(r"[\w.-]*/[\w./-]+", text)]
        names += [f"{chart}/templates/*.yaml" for chart in charts[:8]]
    return [text for name in names[:12] if (text := source.read(name)) is not None]


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
