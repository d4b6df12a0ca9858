"""Whether training would survive its machine: where it saves, how often, and whether it goes on from there."""

import posixpath
import re
from collections.abc import Sequence

from gpuspec.commands.steps import Step
from gpuspec.job.job import Job
from gpuspec.named_tuple import NamedTuple

BUCKETS = ("s3://", "gs://", "gcs://", "r2://", "az://", "azure://", "oci://", "cos://", "hf://")
_MOUNTS = (
    "/runpod-volume",
    "/mnt/",
    "/data/",
    "/checkpoints",
    "/checkpoint",
    "/nfs",
    "/shared",
    "/fsx",
    "/efs",
)
_SAVING = (
    "save_steps", "save_strategy", "save_interval", "save_every", "save_freq", "checkpoint_every",
    "checkpointing_steps", "checkpoint_interval", "every_minutes", "every_n_steps", "save_every_n_steps",
    "saves_per_epoch", "save_every_n_epochs",
)  # fmt: skip
_FOLDERS = (
    "output_dir",
    "save_dir",
    "save_path",
    "checkpoint_dir",
    "checkpoints",
    "ckpt_dir",
    "save",
    "checkpoint_path",
    "base_output_directory",
)
_COPIES = ("sync", "cp", "copy", "rsync", "upload")


class Checkpoints(NamedTuple):
    """What is known of them. `durable`: False where they lie on the machine's own disk, None where that cannot be
    told; `while_running`: saved now and then, not only at the end; `resumes`: a later start goes on from them;
    `at_end`: the bucket that a command after the training fills."""

    path: str | None
    durable: bool | None
    while_running: bool
    resumes: bool
    at_end: str | None


def checkpoints(job: Job, steps: Sequence[Step]) -> Checkpoints:
    """Read from the spec's `checkpoint`, from the arguments of its commands, and from configuration files at hand."""
    spec = job.checkpoint
    path = spec.path if spec else None
    running = bool(spec and spec.every_minutes)
    resumes = False
    to_hub = False
    trained = False
    at_end = None
    for step in steps:
        words = [word.text for word in step.command.words]
        keys = {_key(word) for word in words}
        if not step.setup and _copies_to(words):
            beside = any(
                around.kind in ("background", "while", "until") for around in step.command.enclosures
            )
            bucket = _copies_to(words)
            if beside:
                path, running = path if outlives(path) else bucket, True
            elif trained:
                at_end = bucket
            continue
        trained = trained or not step.setup
        running = running or bool(keys & set(_SAVING) - {"save_strategy"}) or _strategy(words)
        saves = any(
            word.lower() in ("enable_checkpointing=true", "--enable_checkpointing=true") for word in words
        )
        running, resumes = running or saves, resumes or saves or _by_itself(step)
        resumes = resumes or any("resume" in word.lower() for word in words)
        to_hub = to_hub or ("hub_strategy" in keys and any("checkpoint" in word for word in words))
        path = path or _value(words, _FOLDERS)
        if not step.setup:
            config = _configured(step)
            path, running, resumes = path or config.path, running or config.saves, resumes or config.resumes
    resumes = resumes or any("resume" in name.lower() for name in job.env)
    if path and _mounted(path, job):  # what is saved is out of the machine's hands at once
        return Checkpoints(path, True, running or resumes, resumes, at_end)
    return Checkpoints(path, True if to_hub else _kept(path, job), running, resumes, at_end)


class _Configured(NamedTuple):
    """What the configuration files of a trainer say: where it saves, whether now and then, whether it resumes."""

    path: str | None
    saves: bool
    resumes: bool


def _configured(step: Step) -> _Configured:
    """From the files that a command names; its own flags come first. Names of the keys: docs.axolotl.ai's config
    reference (`saves_per_epoch`, `auto_resume_from_checkpoints`), read 2026-11-30; others are those of the flags."""
    said: dict[str, str] = {}
    for word in step.command.words[1:MOST_WORDS]:
        name = (word.value or "").rpartition("=")[2]
        if name.endswith((".yaml", ".yml", ".json", ".toml")) and (text := step.read(name)) is not None:
            from gpuspec.workload.config import read_config

            for key, value in read_config(text, name).items():
                if value.strip().lower() not in _OFF:
                    said.setdefault(_key(key.rpartition(".")[2]), value)
    path = next((said[key] for key in _FOLDERS if key in said), None)
    return _Configured(path, any(key in said for key in _SAVING), any("resume" in key for key in said))


_OFF = frozenset(("", "0", "false", "no", "none", "null", "never", "~"))
MOST_WORDS = 64
"""Words of a command among which its configuration files are looked for."""
_EXAMPLES = re.compile(
    r"run_(?:clm|mlm|plm|glue|qa|ner|mt|summarization|translation|seq2seq_qa|speech_recognition_\w+|image_\w+|audio_\w+)\.py"
)


def _by_itself(step: Step) -> bool:
    """Whether a program goes on from the latest checkpoint in its output folder unasked, unless it is told to write
    over what is there: LLaMA-Factory (src/llamafactory/hparams/parser.py, `get_last_checkpoint`) and the examples of
    transformers (examples/pytorch/*/run_*.py), read 2026-11-30; MaxText where `enable_checkpointing` is set
    (checkpointing.py, `load_state_if_possible`); and whether a script at hand speaks of it."""
    words = [word.text for word in step.command.words]
    names = [posixpath.basename(word) for word in words[:12]]
    for word in step.command.words[:12]:
        text = step.read(word.value) if word.value and word.value.endswith(".py") else None
        if text is not None and re.search(r"resume|get_last_checkpoint", text):
            return True
    factory = names[:1] in (["llamafactory-cli"], ["lmf"])
    if not factory and not any(map(_EXAMPLES.fullmatch, names)):
        return False
    for at, text in enumerate(words):
        if _key(text) == "overwrite_output_dir":
            said = text.partition("=")[2] or "".join(words[at + 1 : at + 2])
            return said.lower() == "false"
    for word in step.command.words[1:4] if factory else ():
        config = (
            step.read(word.value) if word.value and word.value.endswith((".yaml", ".yml", ".json")) else None
        )
        if config is not None and re.search(r"overwrite_output_dir[\"']?\s*:\s*[Tt]rue", config):
            return False
    return True


def _mounted(path: str, job: Job) -> bool:
    """Whether a folder lies on a volume or a bucket that is mounted."""
    mounts = job.deployment.mounts if job.deployment else ()
    return any(
        mount.lasts and (path + "/").startswith(mount.path.rstrip("/") + "/")
        for mount in mounts
        if mount.path
    )


def _kept(path: str | None, job: Job) -> bool | None:
    """As `outlives`; what is among the outputs is fetched while the job runs, so that some of it outlives it."""
    if path and outlives(path) is False and not path.startswith(("/", "~")):
        within = posixpath.normpath(path)
        for output in job.outputs:
            folder = posixpath.normpath(output.split("*")[0] or ".")
            if folder in (".", within) or within.startswith(folder + "/"):
                return None
    return outlives(path)


def _key(word: str) -> str:
    """The name of a flag or of a `key=value` argument, with underscores."""
    return word.lstrip("-+").partition("=")[0].replace("-", "_").lower()


def _value(words: Sequence[str], names: Sequence[str]) -> str | None:
    for at, word in enumerate(words):
        if _key(word) in names and (word.startswith("-") or "=" in word):
            _, glued, value = word.partition("=")
            return value if glued else words[at + 1] if at + 1 < len(words) else None
    return None


def _strategy(words: Sequence[str]) -> bool:
    value = _value(words, ("save_strategy",))
    return value is not None and value != "no"


def outlives(path: str | None) -> bool | None:
    """Whether a folder outlives the machine; None where that cannot be told: an absolute path may be a volume that is
    mounted there."""
    if path is None:
        return None
    if path.startswith(BUCKETS) or path.startswith(_MOUNTS):
        return True
    if path.startswith(("/tmp", "/root", "/home", "~", "/var")):
        return False
    return None if path.startswith("/") or any(char < " " for char in path) or ":" in path else False


def _copies_to(words: Sequence[str]) -> str | None:
    """The bucket that a command fills: `aws s3 sync ckpt s3://…`, `gsutil cp`, `rclone copy`."""
    if not words or words[0] not in (
        "aws",
        "gsutil",
        "gcloud",
        "rclone",
        "s5cmd",
        "rsync",
        "hf",
        "huggingface-cli",
    ):
        return None
    last = next((word for word in reversed(words[1:]) if not word.startswith("-")), "")
    copies = any(word in _COPIES for word in words[1:4]) or words[0] == "rsync"
    return last if copies and last.startswith(BUCKETS) else None
