"""`#SBATCH` lines as sbatch reads them: up to the first command, one option after another, nothing expanded.

From sbatch(1) and Slurm's src/sbatch/opt.c (23.11, read 2026-11): a line that begins with `#SBATCH`; quotes and
backslashes as in a shell; `#` begins a comment unless it is escaped; the first line that is neither empty nor a
comment ends them. Names of options may be cut short, as getopt_long takes them."""

import re
from collections.abc import Iterator, Mapping

from gpuspec.named_tuple import NamedTuple
from gpuspec.text import Span

MARK = re.compile(r"^#SBATCH(?=[ \t\r]|--?\w|$)", re.M)
"""How a directive begins."""

_VALUED = (
    "account acctg-freq array batch begin bb bbf chdir cluster-constraint clusters comment constraint container "
    "container-id core-spec cores-per-socket cpu-freq cpus-per-gpu cpus-per-task deadline delay-boot dependency "
    "distribution error exclude export export-file extra extra-node-info gpu-bind gpu-freq gpus gpus-per-node "
    "gpus-per-socket gpus-per-task gres gres-flags hint input job-name kill-on-invalid-dep licenses mail-type "
    "mail-user mcs-label mem mem-bind mem-per-cpu mem-per-gpu mincpus network nodefile nodelist nodes ntasks "
    "ntasks-per-core ntasks-per-gpu ntasks-per-node ntasks-per-socket open-mode output partition power prefer "
    "priority profile qos reservation segment signal sockets-per-node switches thread-spec threads-per-core time "
    "time-min tmp tres-bind tres-per-job tres-per-node tres-per-socket tres-per-task uid gid wait-all-nodes wckey "
    "wrap container-image container-mounts container-name container-save container-workdir container-env"
)
_SWITCH_NAMES = (
    "contiguous hold help ignore-pbs no-requeue requeue overcommit oversubscribe parsable quiet reboot spread-job "
    "stepmgr test-only usage use-min-nodes verbose version wait exclusive get-user-env nice no-kill propagate "
    "resv-ports no-container-entrypoint container-entrypoint container-mount-home no-container-mount-home "
    "container-remap-root no-container-remap-root container-writable container-readonly"
)
"""These take a value with `=` at most."""
_SWITCHES = frozenset(_SWITCH_NAMES.split())
_LONG = _SWITCHES | frozenset(_VALUED.split())
_SHORT_NAMES = (
    "A account a array B extra-node-info b begin C constraint c cpus-per-task D chdir d dependency e error "
    "F nodefile G gpus i input J job-name L licenses M clusters m distribution N nodes n ntasks o output p partition "
    "q qos S core-spec t time w nodelist x exclude"
)
_SHORT_SWITCH_NAMES = (
    "H hold I immediate K no-kill k no-kill O overcommit Q quiet s oversubscribe V version v verbose W wait h help "
    "u usage"
)


def _by_letter(names: str) -> dict[str, str]:
    words = names.split()
    return dict(zip(words[::2], words[1::2], strict=True))


_SHORT = _by_letter(_SHORT_NAMES)
_SHORT_SWITCHES = _by_letter(_SHORT_SWITCH_NAMES)
_HETEROGENEOUS = frozenset({"hetjob", "packjob"})
_MOST = 10_000
"""Lines that are looked at: nobody writes as many directives."""


class Given(NamedTuple):
    """One option as it stands in a directive, by its long name. `value` is None for a switch."""

    name: str
    value: str | None
    span: Span


class Head(NamedTuple):
    """The directives of a script, one mapping for each part of a heterogeneous job (mostly one), and where its
    commands begin. `dead` are directives after the first command, which sbatch does not read."""

    parts: tuple[Mapping[str, Given], ...]
    commands: int
    dead: tuple[Span, ...] = ()


def read_head(text: str, at: int = 0) -> Head:
    """The directives of a script whose text begins at `at` of its file."""
    parts: list[dict[str, Given]] = [{}]
    end = len(text)
    for number, (start, line) in enumerate(_lines(text)):
        if number == _MOST or (line.strip() and not line.lstrip().startswith("#")):
            end = start
            break
        begun = MARK.match(line)
        if begun is None:
            continue
        words = list(_words(line, begun.end()))
        if any(word in _HETEROGENEOUS for word, _ in words):
            parts.append({})
        for option in _options(words, at + start):
            parts[-1][option.name] = option
    dead = tuple(
        Span(at + found.start(), at + _line_end(text, found.start())) for found in MARK.finditer(text, end)
    )
    return Head(tuple(parts), end, dead)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        yield at, text[at:end].rstrip("\r")
        at = end + 1


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _words(line: str, at: int) -> Iterator[tuple[str, Span]]:
    """The arguments of a line from `at` on, without their quotes, and where they stand in the line."""
    while at < len(line):
        if line[at].isspace():
            at += 1
            continue
        if line[at] == "#":
            return
        start, quote = at, ""
        word: list[str] = []
        while at < len(line):
            sign = line[at]
            if sign == "\\" and at + 1 < len(line):
                word.append(line[at + 1])
                at += 2
                continue
            if quote:
                if sign == quote:
                    quote = ""
                else:
                    word.append(sign)
            elif sign in "\"'":
                quote = sign
            elif sign == "#" or sign.isspace():
                break
            else:
                word.append(sign)
            at += 1
        yield "".join(word), Span(start, at)


def _options(words: list[tuple[str, Span]], at: int) -> Iterator[Given]:
    place = 0
    while place < len(words):
        word, span = words[place]
        following = words[place + 1] if place + 1 < len(words) else None
        place += 1
        for option, takes in _of_word(word, Span(at + span.start, at + span.end)):
            if takes and option.value is None and following is not None:
                place += 1
                end = Span(option.span.start, at + following[1].end)
                option = option._replace(value=following[0], span=end)
            yield option


def _of_word(word: str, span: Span) -> Iterator[tuple[Given, bool]]:
    """The options in one word, and whether the next word is the value of the last one."""
    if word.startswith("--") and len(word) > 2:
        name, glued, value = word[2:].partition("=")
        name = _whole_name(name)
        yield Given(name, value if glued else None, span), name not in _SWITCHES
        return
    if not word.startswith("-"):
        return
    for at, letter in enumerate(word[1:], 2):
        if letter in _SHORT:
            yield Given(_SHORT[letter], word[at:].removeprefix("=") or None, span), True
            return
        if letter in _SHORT_SWITCHES:
            yield Given(_SHORT_SWITCHES[letter], None, span), False


def _whole_name(name: str) -> str:
    """The option that a name means: itself, or the only one that it is the beginning of."""
    if name in _LONG:
        return name
    longer = [each for each in _LONG if each.startswith(name)] if len(name) > 2 else []
    return longer[0] if len(longer) == 1 else name
