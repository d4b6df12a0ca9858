"""Commands that load a model each time they are started, repeated per item inside one job."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gpuspec.commands.shell.script import Command
from gpuspec.scripts.beside import ScriptSource
from gpuspec.scripts.found import RepeatedLaunch
from gpuspec.scripts.launch_commands import unwrap
from gpuspec.scripts.launchers import LaunchCommand
from gpuspec.scripts.loops import Judge
from gpuspec.scripts.program import ScriptCommand
from gpuspec.scripts.shell import judge_commands

_PROGRAMS = {
    "whisper", "whisperx", "whisper-ctranslate2", "insanely-fast-whisper", "mlx_whisper", "demucs", "demucs.separate",
    "rembg", "nougat", "marker_single", "tts", "llama-cli", "whisper-cli", "spleeter", "yolo", "mineru", "magic-pdf",
    "lm_eval", "lm-eval", "lighteval",
}  # fmt: skip
_MODEL = (
    "-m", "--model", "--model-name", "--model-id", "--model-path", "--model-name-or-path", "--model-args", "model",
    "--checkpoint", "--checkpoint-path", "--checkpoint-dir", "--ckpt", "--ckpt-path", "--ckpt-dir", "--weights",
    "--pretrained", "--adapter", "--adapter-path", "--lora", "--lora-path", "weights",
)  # fmt: skip
"""Options that name the model: where it changes from one turn to the next, there is nothing to keep loaded."""
_SCRIPT = re.compile(
    r"(?:^|[/_-])(?:infer(?:ence)?|transcribe|generate|predict|caption|embed|ocr|segment|upscale|diarize|translate|"
    r"summarize|synthesize|txt2img|img2img)(?![\w-]*(?:data|config|plot|figure|table|report|prompt))[\w-]*\.py$"
)


def reload_loops(commands: Iterable[Command], text: str) -> list[RepeatedLaunch]:
    """Loops of a shell text that start, per item, a new process that loads a model."""
    judge = Judge(ScriptSource(text), _loads)
    judge_commands([_on_this_machine(command) for command in commands], text, judge)
    return judge.repeated()


def _on_this_machine(command: Command) -> Command:
    """A command without the `srun` before it: one that the loop waits for runs where the job is, after the last."""
    if command.in_background or not any(wrapper.name == "srun" for wrapper in command.wrappers):
        return command
    return command._replace(wrappers=tuple(one for one in command.wrappers if one.name != "srun"))


def _loads(run: ScriptCommand, script: ScriptSource) -> LaunchCommand | None:
    # One process per GPU is how several GPUs are used.
    if any("CUDA_VISIBLE_DEVICES" in word.text or "cuda:" in word.text for word in run.words):
        return None
    words = [word.text for word in unwrap(run.words)]
    if words[:1] == ["ray"] and "--" in words:
        words = words[words.index("--") + 1 :]
    if not words:
        return None
    name = words[0].rsplit("/", 1)[-1]
    if name == "yolo" and not {"predict", "track"} & set(words):
        return None
    if name in _PROGRAMS:
        return LaunchCommand(name, (name,), idempotent=True, other=_MODEL)
    behind = next((word for word in words[1:] if not word.startswith("-")), "")
    if name.startswith("python") and _SCRIPT.search(behind[-1000:]):
        return LaunchCommand(f"{name} {behind}", (name, behind), idempotent=True, other=_MODEL)
    return None
