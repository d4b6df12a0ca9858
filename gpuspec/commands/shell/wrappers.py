"""Commands that run other commands: where the inner command begins."""

from gpuspec.commands.shell.script import Wrapper
from gpuspec.commands.word import Word
from gpuspec.named_tuple import NamedTuple


class Peeled(NamedTuple):
    """One wrapper taken off. What it runs is `words`, or `script` (text to parse, with its arguments where they are
    known), or nothing known."""

    wrapper: Wrapper
    words: tuple[Word, ...] = ()
    script: tuple[Word, ...] = ()
    assignments: dict[str, str] = {}
    arguments: tuple[Word, ...] | None = None


# name → options that take a value as the next word. All other words starting with "-" are switches.
_PLAIN: dict[str, str] = {
    "sudo": "-u -g -h -p -C -r -t -U --user --group",
    "doas": "-u",
    "nohup": "",
    "setsid": "",
    "exec": "-a",
    "command": "",
    "builtin": "",
    "time": "-f -o --format --output",
    "nice": "-n --adjustment",
    "ionice": "-c -n -p",
    "chrt": "",
    "stdbuf": "-i -o -e",
    "unbuffer": "",
    "retry": "",
    "caffeinate": "-t -w",
    "numactl": "-C -N -m -i -p",
    "ts": "",
    "dumb-init": "",
    "tini": "",
    "xvfb-run": "-s -n -e -f",
    "strace": "-o -e -p",
    "mpirun": "-n -np -N -H -x -c --np --host --hostfile -hostfile --map-by --bind-to -bind-to -map-by --npernode",
    "mpiexec": "-n -np -H -x --np --host --hostfile",
    "srun": (
        "-n -N -c -p -t -G -J -w -o -e -i -A -q -D -C -d -x -m -r -L --account --chdir --constraint --container-env "
        "--container-image --container-mounts --container-name --container-workdir --cpu-bind --cpus-per-gpu "
        "--cpus-per-task --distribution --error --export --gpu-bind --gpus --gpus-per-node --gpus-per-task --gres "
        "--input --jobid --job-name --mem --mem-per-cpu --mem-per-gpu --mpi --nodelist --nodes --ntasks "
        "--ntasks-per-node --output --partition --qos --relative --reservation --time"
    ),
    "npx": "-p --package",
    "trtllm-llmapi-launch": "",
    "bunx": "",
    "uvx": "--from --with --python -p --index-url --extra-index-url",
}

_SUBCOMMANDS: dict[str, tuple[str, str]] = {
    "conda": ("run", "-n -p --name --prefix --cwd"),
    "mamba": ("run", "-n -p --name --prefix --cwd"),
    "micromamba": ("run", "-n -p --name --prefix --cwd"),
    "uv": (
        "run",
        "-p --python --with --extra --group --project --directory --package --env-file -i --index-url "
        "--with-requirements --with-editable --index --extra-index-url",
    ),
    "poetry": ("run", "-C --directory -P --project"),
    "pipenv": ("run", ""),
    "pdm": ("run", "-p --project"),
    "hatch": ("run", ""),
    "rye": ("run", ""),
    "pixi": ("run", "-e --environment --manifest-path"),
    "pipx": ("run", "--spec --python"),
    "infisical": ("run", "--env --path"),
    "op": ("run", "--env-file"),
    "doppler": ("run", "-p -c --project --config"),
    "dotenvx": ("run", "-f"),
    "dotenv": ("run", "-f"),
    "nsys": ("profile", "-o -t --output --trace"),
}

_COMPOSE = frozenset({"docker-compose", "podman-compose"})
_COMPOSE_VALUES = (
    "-e --env -u --user -w --workdir -v --volume -p --publish -l --label --name --entrypoint --index --cap-add "
    "--pull --env-from-file"
)
_RAY_JOB_VALUES = (
    "--address --submission-id --job-id --runtime-env --runtime-env-json --working-dir --metadata-json "
    "--entrypoint-num-cpus --entrypoint-num-gpus --entrypoint-memory --entrypoint-resources --headers --verify "
    "--log-style --log-color"
)
_RAY_SUBMIT_VALUES = "-n --cluster-name -p --port-forward --args"
"""Options of `ray job submit` and `ray submit`: Ray 2.49 dashboard/modules/job/cli.py, scripts/scripts.py."""
_APPTAINER_VALUES = (
    "-B --bind -H --home -W --workdir -o --overlay --env --env-file --pwd --cwd --mount -S --scratch --network "
    "--fusemount --app --hostname --security --dns --add-caps --drop-caps"
)
_DOCKER_VALUES = (
    "-e --env -v --volume -p --publish --name --gpus --ipc --shm-size --network --net -w --workdir -u --user --mount "
    "--env-file --runtime --device --restart -m --memory --cpus --ulimit --entrypoint -h --hostname --label -l "
    "--add-host --cap-add --security-opt --platform --pull --tmpfs --log-driver --log-opt --pid --uts --cpuset-cpus "
    "--group-add --dns --expose --link --memory-swap --log-opt --health-cmd --stop-timeout"
)
SHELLS = frozenset({"bash", "sh", "zsh", "dash", "ksh", "ash"})
_ASSIGNMENT_OPTIONS = "-u --unset -C --chdir -S"
_XARGS_VALUES = (
    "-I -J -n -P -L -R -d -a -s -E --max-args --max-procs --replace --delimiter --arg-file --max-lines"
)
_PARALLEL_VALUES = (
    "-j --jobs -a --arg-file -N --colsep --delay --joblog --results -S --timeout --retries -I -C -n "
    "--max-args -P"
)
_SSH_VALUES = "-i -p -o -l -L -R -D -J -F -b -c -E -W -w -Q -m -e -S"


def peel(words: tuple[Word, ...]) -> Peeled | None:
    """Take one wrapper off a command; None when its first word wraps nothing."""
    name = (words[0].value or "").rsplit("/", 1)[-1] if words else ""
    if name in SHELLS:
        return _shell(name, words)
    if name == "eval":
        return Peeled(Wrapper(name, words[:1]), script=words[1:])
    if name == "env":
        return _env(words)
    if name in ("docker", "podman", "nerdctl"):
        return _docker(name, words)
    if name in _COMPOSE:
        return _compose(name, words)
    if name == "ray":
        return _ray(words)
    if name in ("apptainer", "singularity"):
        return _apptainer(name, words)
    if name in _SUBCOMMANDS and len(words) > 1 and words[1].value == _SUBCOMMANDS[name][0]:
        return _subcommand(name, words)
    if name in ("timeout", "gtimeout"):
        return _split(name, words, _skip(words, 1, "-k -s --kill-after --signal") + 1)
    if name == "taskset":
        return _split(name, words, _skip(words, 1, "") + 1)
    if name == "flock":
        return _split(name, words, _skip(words, 1, "-w -E --timeout") + 1)
    if name == "xargs":
        return _split(name, words, _skip(words, 1, _XARGS_VALUES))
    if name in ("parallel", "rush"):
        return _parallel(words)
    if name == "find":
        return _find(words)
    if name == "ssh":
        return _ssh(words)
    if name in ("tmux", "screen"):
        return _terminal(name, words)
    if name in _PLAIN:
        return _split(name, words, _skip(words, 1, _PLAIN[name]))
    return None


def _subcommand(name: str, words: tuple[Word, ...]) -> Peeled | None:
    """`uv run …`, `conda run …`; `uv run -m MODULE` is `python -m MODULE` there."""
    at = _skip(words, 2, _SUBCOMMANDS[name][1])
    module = next((i for i, word in enumerate(words[2:at], 2) if word.text in ("-m", "--module")), None)
    if name != "uv" or module is None or module + 1 >= len(words):
        return _split(name, words, at)
    start = words[module]
    python = (start._replace(text="python"), start._replace(text="-m"))
    return Peeled(Wrapper(name, words[:module]), (*python, *words[module + 1 :]))


def _split(name: str, words: tuple[Word, ...], at: int, image: Word | None = None) -> Peeled | None:
    return Peeled(Wrapper(name, words[:at], image), words[at:]) if at < len(words) else None


def _skip(words: tuple[Word, ...], at: int, with_value: str) -> int:
    """Index of the first word that is no option."""
    options = with_value.split()
    while at < len(words) and words[at].text.startswith("-") and len(words[at].text) > 1:
        text = words[at].text
        at += 2 if text in options else 1
        if text == "--":
            break
    return at


def _shell(name: str, words: tuple[Word, ...]) -> Peeled | None:
    for at, word in enumerate(words[1:], 1):
        text = word.text
        if not text.startswith("-") or text == "--":
            return None
        if not text.startswith("--") and "c" in text:
            script = words[at + 1 : at + 2]
            wrapper = Wrapper(name, words[: at + 1])
            return Peeled(wrapper, script=script, arguments=words[at + 3 :]) if script else None
    return None


def _env(words: tuple[Word, ...]) -> Peeled | None:
    at = _skip(words, 1, _ASSIGNMENT_OPTIONS)
    given: dict[str, str] = {}
    while at < len(words) and "=" in words[at].text:
        key, _, value = words[at].text.partition("=")
        given[key] = value
        at += 1
    peeled = _split("env", words, at)
    return peeled._replace(assignments=given) if peeled else None


def _docker(name: str, words: tuple[Word, ...]) -> Peeled | None:
    texts = [word.text for word in words]
    if texts[1:2] == ["compose"]:
        return _compose(name, words)
    verb = 2 if texts[1:2] == ["container"] else 1
    if verb >= len(texts) or texts[verb] not in ("run", "exec"):
        return None
    at, given = verb + 1, {}
    entry: Word | None = None
    while at < len(texts) and texts[at].startswith("-"):
        option, glued, value = texts[at].partition("=")
        if not glued and option in _DOCKER_VALUES.split() and at + 1 < len(texts):
            at += 1
            value = texts[at]
        if option == "--entrypoint":
            entry = words[at]._replace(text=value)
        if option in ("-e", "--env") and "=" in value:
            key, _, content = value.partition("=")
            given[key] = content
        at += 1
    if at >= len(words):
        return None
    inner = ((entry,) if entry and entry.text else ()) + words[at + 1 :]
    image = words[at] if texts[verb] == "run" else None
    return Peeled(Wrapper(name, words[: at + 1], image), inner, assignments=given)


def _compose(name: str, words: tuple[Word, ...]) -> Peeled | None:
    """`docker compose run [options] SERVICE COMMAND …`, and `exec`: in a container that a file describes."""
    verb = next((at for at, word in enumerate(words) if word.text in ("run", "exec")), None)
    if verb is None:
        return None
    at = _skip(words, verb + 1, _COMPOSE_VALUES)
    return _split(name, words, at + 1)


def _ray(words: tuple[Word, ...]) -> Peeled | None:
    """`ray job submit … -- COMMAND`, which runs where the cluster is; `ray submit CLUSTER.yaml SCRIPT.py …`."""
    texts = [word.text for word in words[:3]]
    if texts[1:] == ["job", "submit"]:
        return _split("ray", words, _skip(words, 3, _RAY_JOB_VALUES))
    if texts[1:2] == ["submit"]:
        at = _skip(words, 2, _RAY_SUBMIT_VALUES) + 1
        at = _skip(words, at, _RAY_SUBMIT_VALUES)
        if at < len(words) and words[at].text.endswith(".py"):
            python = words[at]._replace(text="python")
            return Peeled(Wrapper("ray", words[:at]), (python, *words[at:]))
    return None


def _apptainer(name: str, words: tuple[Word, ...]) -> Peeled | None:
    """`apptainer exec --nv IMAGE COMMAND …`, and `run`, which gives the image's own program its arguments."""
    at = _skip(words, 1, "")
    if at >= len(words) or words[at].text not in ("exec", "run"):
        return None
    verb, given = at, {}
    at = _skip(words, verb + 1, _APPTAINER_VALUES)
    for place, word in enumerate(words[verb + 1 : at], verb + 1):
        option, glued, value = word.text.partition("=")
        if option == "--env":
            pair = value if glued else words[place + 1].text
            for each in pair.split(","):
                key, _, content = each.partition("=")
                given[key] = content
    if at >= len(words):
        return None
    image = words[at]._replace(text=words[at].text.removeprefix("docker://"))
    used = image if words[verb].text == "run" else None
    return Peeled(Wrapper(name, words[: at + 1], used), words[at + 1 :], assignments=given)


def _parallel(words: tuple[Word, ...]) -> Peeled | None:
    at = _skip(words, 1, _PARALLEL_VALUES)
    ends = [i for i, word in enumerate(words) if i > at and word.text in (":::", "::::", ":::+")]
    end = ends[0] if ends else len(words)
    if at >= end:
        return None
    wrapper = Wrapper("parallel", words[:at] + words[end:])
    if end - at == 1 and " " in words[at].text:  # a line of shell
        return Peeled(wrapper, script=words[at:end])
    return Peeled(wrapper, words[at:end])


def _find(words: tuple[Word, ...]) -> Peeled | None:
    at = next((at for at, word in enumerate(words) if word.text in ("-exec", "-execdir", "-ok")), len(words))
    end = next((at for at, word in enumerate(words) if word.text in (";", "+")), len(words))
    return Peeled(Wrapper("find", words[: at + 1]), words[at + 1 : end]) if at + 1 < end else None


def _ssh(words: tuple[Word, ...]) -> Peeled | None:
    at = _skip(words, 1, _SSH_VALUES) + 1
    at = _skip(words, at, _SSH_VALUES)
    return Peeled(Wrapper("ssh", words[:at]), script=words[at:]) if at < len(words) else None


def _terminal(name: str, words: tuple[Word, ...]) -> Peeled | None:
    if name == "screen":
        return _split(name, words, _skip(words, 1, "-S -dmS -L -Logfile -t -c -h"))
    verb = words[1].text if len(words) > 1 else ""
    if verb in ("new", "new-session", "neww", "new-window", "splitw", "split-window"):
        at = _skip(words, 2, "-s -n -c -t -x -y -e")
    elif verb in ("send", "send-keys"):
        at = _skip(words, 2, "-t -N")
    else:
        return None
    rest = tuple(word for word in words[at:] if word.text not in ("C-m", "Enter", "ENTER"))
    return Peeled(Wrapper(name, words[:at]), script=rest) if rest else None
