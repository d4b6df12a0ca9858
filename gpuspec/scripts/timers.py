"""What ends a machine that a script starts: an option of its launch, its task file, or a later command.

Sources, read 2026-11-30: docs.skypilot.co/en/latest/reference/auto-stop.html (`-i`, `--down`, `autostop:`; without
them a cluster stays), cloud.google.com/compute/docs/instances/limit-vm-runtime (`--max-run-duration`,
`--termination-time`), docs.aws.amazon.com/AWSEC2/latest/UserGuide, "Change instance initiated shutdown behavior" (a
shutdown from within stops or terminates the instance), docs.runpod.io/runpodctl/reference/runpodctl-pod.md and
vast.ai's CLI (pods and instances are billed until they are removed).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from gpuspec.commands.word import UNKNOWN, Word
from gpuspec.named_tuple import NamedTuple
from gpuspec.scripts.beside import ScriptSource
from gpuspec.scripts.launchers import LaunchCommand
from gpuspec.scripts.program import ScriptCommand

_SELF_ENDING = r"shutdown|poweroff|systemctl halt"


class Ending(NamedTuple):
    """How machines of one kind end. `options` of the launch do it, or what `by` finds in the script; `advice` is what
    to write, `in_python` what in a call of an SDK, where that is something else."""

    options: tuple[str, ...]
    by: str
    advice: str
    in_python: str = ""


_SKY = Ending(
    ("-i", "--idle-minutes-to-autostop", "--down", "idle_minutes_to_autostop=", "down="),
    r"\bsky\W{1,6}(?:down|stop|autostop)\b|\bsky\.(?:down|stop|autostop)\b|autostop",
    "add `-i 10 --down`: ten idle minutes end it, whatever becomes of this script",
    "add `idle_minutes_to_autostop=10, down=True`: ten idle minutes end it, whatever becomes of this script",
)
_RUNPOD = Ending(
    ("--terminate-after", "--stop-after"),
    r"runpodctl\W{1,6}(?:remove|stop|delete)\b|runpodctl\W{1,6}pods?\W{1,6}(?:remove|stop|delete|terminate)|(?:terminate|stop)_pod|"
    r"pod(?:Terminate|Stop)\b|-X\s*DELETE|\.delete\(|" + _SELF_ENDING,
    "end what it runs with `runpodctl remove pod $RUNPOD_POD_ID`, or remove the pod here under a `trap … EXIT`",
)
_VAST = Ending(
    (),
    r"(?:destroy|stop)(?:_|\W{1,6})instances?|CONTAINER_API_KEY|" + _SELF_ENDING,
    "end what it runs with `vastai destroy instance $CONTAINER_ID`, or destroy it here under a `trap … EXIT`",
)
_GCLOUD = Ending(
    ("--max-run-duration", "--termination-time"),
    r"instances\W{1,6}(?:delete|stop)\b|" + _SELF_ENDING,
    "add `--max-run-duration=8h --instance-termination-action=DELETE`",
)
_AWS = Ending(
    ("--instance-initiated-shutdown-behavior", "InstanceInitiatedShutdownBehavior="),
    r"(?:terminate|stop)[-_]instances?|" + _SELF_ENDING,
    "end the user data with `shutdown -h now`, and add `--instance-initiated-shutdown-behavior terminate`",
    'end the user data with `shutdown -h now`, and add `InstanceInitiatedShutdownBehavior="terminate"`',
)
_AZURE = Ending(
    (),
    r"az\W{1,6}vm\W{1,6}(?:delete|deallocate|auto-shutdown)|" + _SELF_ENDING,
    "add `az vm auto-shutdown`, or deallocate it here under a `trap … EXIT`",
)
_LAMBDA = Ending(
    (),
    r"instance-operations/terminate|lambda-cloud\s+(?:terminate|down|stop)|" + _SELF_ENDING,
    "terminate it here under a `trap … EXIT`: Lambda has no timer",
)

_ENDINGS: dict[str, Ending] = {
    "sky launch": _SKY,
    "sky.launch()": _SKY,
    "runpodctl create pod": _RUNPOD,
    "runpodctl create pods": _RUNPOD,
    "runpodctl pod create": _RUNPOD,
    "runpod.create_pod()": _RUNPOD,
    "create_pod()": _RUNPOD,
    "vastai create instance": _VAST,
    "vastai create instances": _VAST,
    "vastai launch instance": _VAST,
    "create_instance()": _VAST,
    "launch_instance()": _VAST,
    "gcloud compute instances create": _GCLOUD,
    "gcloud compute instances create-with-container": _GCLOUD,
    "aws ec2 run-instances": _AWS,
    "run_instances()": _AWS,
    "az vm create": _AZURE,
    "lambda-cloud launch": _LAMBDA,
    "curl …instance-operations/launch": _LAMBDA,
}
_ENDED = re.compile(
    r"tear_?-?down|clean_?-?up|destroy|terminat(?:e|ing)[_ -]?(?:pod|instance|machine|cluster|vm)|autodown|"
    r"idle_?timeout|self[_-]?(?:destruct|terminate)|max_?run_?duration|auto_?-?shut_?down|ttl|watchdog|reaper",
    re.IGNORECASE,
)
"""What else tells that somebody thought of the end."""
_SAID = re.compile(r"^\s*(?:#|//|echo\b|printf\b|print\(|log\w*\b|console\.)|\b(?:echo|printf)\s+[\"']")
_STAYS = re.compile(
    r"(?<!linux)serv(?:e|er|ing)|vllm|sglang|tgi|text-generation-inference|ollama|endpoint|deploy|prod(?:uction)?\b|"
    r"jupyter|notebook|\d/http\b|startup-script-url|"
    r"vscode|ssh-key|dev\b|devbox|(?<!/)workspace|gateway|bastion|webui|comfy",
    re.IGNORECASE,
)
"""What is to stay until somebody is done with it: a server, a machine to work on. What a start-up script of a bucket
does is not known."""
_LIBRARY = re.compile(
    r"\bpip3? install\b[^\n&;|]*|--model(?:[ =]|_backend[ =])vllm\b|\b(?:from|import) (?:vllm|sglang)\b|"
    r"\bvllm bench\b"
)
"""What a task file says of an engine whose server it does not start: a package, a backend of an evaluation."""
_OWN = re.compile(r"(?:--infra|--cloud)[= ](?:k8s|kubernetes|ssh|local)\b")
_TASK = re.compile(r"(?:from_yaml\(\s*[\"']([^\"'{}]{1,200})[\"']|\bTask\()")
_FILE = re.compile(r"[\w./${}-]{1,200}\.(?:sh|bash|py|tmpl|tpl|in|j2)\b")
_MOST_FILES = 20
_QUOTES = re.compile(r"[\"',\[\]]+")
_OPTIONS = re.compile(r"args|flags|opts|options|extra|kw", re.IGNORECASE)
_CLOUD_GPU = re.compile(r"accelerators|gpus?\b|instance_type", re.IGNORECASE)


def unended(source: ScriptSource, every: Iterable[tuple[ScriptCommand, LaunchCommand]]) -> list[Unended]:
    """The launches after which nothing is known to end the machine: the first of each kind."""
    found: dict[str, Unended] = {}
    done = _plain("\n".join(line for line in source.text.splitlines() if not _SAID.search(line)))
    named = _named_files(source)
    thought_of = _ENDED.search(done) is not None
    ends: dict[str, bool] = {}
    for run, launcher in every:
        ending = _ENDINGS.get(launcher.name)
        if ending is None or launcher.name in found or run.span.end <= run.span.start:
            continue
        texts = [word.text for word in run.words]
        if _has(texts, ending.options) or thought_of:
            continue
        line = " ".join(texts)
        if _STAYS.search(line) or _OWN.search(line):
            continue
        written = _TASK.findall(source.text) if texts[0].endswith("()") else []
        if _is_unknown(run.words, sky=ending is _SKY and not written):
            continue
        if ending.by not in ends:
            ends[ending.by] = any(re.search(ending.by, text) for text in (done, *named))
        if ends[ending.by]:
            continue
        files = _task_files([*texts, *(name for name in written if name)], source)
        if any(_STAYS.search(_LIBRARY.sub("", text)) or re.search(ending.by, text) for text in files):
            continue
        if ending is _SKY and files and not any(_CLOUD_GPU.search(text + line) for text in files):
            continue
        found[launcher.name] = Unended(launcher, run, _advice(ending, texts[0], source))
    return list(found.values())


class Unended(NamedTuple):
    """A launch after which the machine stays, and what would end it."""

    launcher: LaunchCommand
    run: ScriptCommand
    advice: str


def _advice(ending: Ending, called: str, source: ScriptSource) -> str:
    if called.endswith("()") and ending.in_python:
        return ending.in_python
    python = called.endswith("()") or source.path.endswith(".py")
    return ending.advice.replace("under a `trap … EXIT`", "in a `finally:`") if python else ending.advice


def _plain(text: str) -> str:
    """`["runpodctl", "remove", "pod"]` as one would type it."""
    return _QUOTES.sub(" ", text)


def _named_files(source: ScriptSource) -> list[str]:
    """What stands in the programs and templates that a script names: what runs on the machine may end it."""
    names = list(dict.fromkeys(match[0] for match in _FILE.finditer(source.code)))[:_MOST_FILES]
    return [_plain(text) for name in names if (text := source.read(name)) is not None]


def _has(texts: list[str], options: tuple[str, ...]) -> bool:
    return any(
        text == option or text.startswith(option + "=") or (option == "-i" and re.fullmatch(r"-i\d+", text))
        for text, after in zip(texts, [*texts[1:], ""], strict=True)
        for option in options
        if not (text.endswith("=") and after in ("False", "None"))
    )


def _is_unknown(words: Sequence[Word], *, sky: bool) -> bool:
    """Whether the task file of SkyPilot, or further options are known to a variable only: the end may stand there."""
    for before, word in pairwise(words):
        if UNKNOWN not in word.text or before.text.startswith("-") or before.text.endswith("="):
            continue
        if any(_OPTIONS.search(name) for name in word.names):
            return True
        if sky and (re.fullmatch(UNKNOWN + r"[^\w\s]*", word.text) or word.text.endswith((".yaml", ".yml"))):
            return True
    return False


def _task_files(texts: list[str], source: ScriptSource) -> list[str]:
    """What stands in the files that a launch names."""
    found = []
    for text in texts[1:]:
        name = text.rpartition("=")[2].removeprefix("file://")
        if re.search(r"\w\.(?:ya?ml|sh|bash|txt|json)$", name):
            there = source.read(name)
            if there is not None:
                found.append(there)
    return found
