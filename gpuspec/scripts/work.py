"""What a launch is given, and whether that is an item, one of a fixed number of workers, or a setting of a sweep."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from gpuspec.commands.word import UNKNOWN, Word
from gpuspec.scripts.program import Loop

HARDWARE = re.compile(
    r"(?:^|\W)(?:\w+_)?(?:gpus?|accelerators?|regions?|zones?|clouds?|providers?|data_?centers?|dcs?|locations?|infras?|"
    r"(?:instance|machine|vm)_?(?:types?|sizes?)|flavors?|skus?|hardware)"
    r"(?:_?(?:types?|names?|ids?|lists?|options?|candidates?|fallbacks?|order|priority|preferences?|to_try|\d))*(?:\W|$)",
    re.IGNORECASE,
)

PLACE = re.compile(
    r"(?:offers?|ask|bid|contexts?|env(?:ironment)?s?|stages?|tenants?|namespaces?|ns|accounts?|projects?|"
    r"nodes?|hosts?|vms?|subnets?|subnetworks?|azs?|workspaces?|services?|svcs?|endpoints?|servers?)(?:_?(?:id|name)s?)?",
    re.IGNORECASE,
)
"""Names of what a loop tries, or brings the same up in: each turn is one more place, not one more item."""
PLACES = re.compile(r"\W*(?:(?:dev|prod(?:uction)?|staging|stage|test|qa|uat|sandbox|preview|canary)\b\W*)+")
"""Environments, by their names."""
_PEOPLE = re.compile(
    r"(?:^|[\W_])(?:students?|attendees?|participants?|interns?|developers?|teammates?)(?:[\W_]|$)",
    re.IGNORECASE,
)
_WORKER = (
    r"(?:workers?|shards?|ranks?|replicas?|nodes?|procs?|process(?:es)?|instances?|machines?|parts?|partitions?|"
    r"splits?|slices?|servers?|pods?)"
)
_IS_WORKER = re.compile(
    rf"(?:job_?|task_?|node_?|world_?|worker_?|local_?|w)?(?:{_WORKER})(?:_?(?:id|idx|index|num|no|nr|rank|i))?",
    re.IGNORECASE,
)
"""A variable that counts workers: each is given a part of the whole by its number."""
_TOTAL = re.compile(
    rf"(?:num|n|no|total|max|count|nr)_?(?:of_?)?(?:{_WORKER}|jobs)|(?:{_WORKER}|jobs)_?(?:count|num|total|n)|world(?:_?size)?|"
    r"replicas|workers|num_?(?:jobs|chunks)|n_?(?:jobs|chunks)|total_?(?:shards|chunks)",
    re.IGNORECASE,
)
"""What says how many workers there are."""
_PLURAL = re.compile(
    r"(?:workers|shards|ranks|replicas|nodes|instances|machines|servers|pods)", re.IGNORECASE
)
_FROM = re.compile(r"[\"'](?:START|OFFSET|BEGIN|FROM|LO)(?:_?I(?:NDE|D)X)?[\"']", re.IGNORECASE)
_TO = re.compile(r"[\"'](?:END|LIMIT|COUNT|STOP|TO|HI|SIZE)(?:_?I(?:NDE|D)X)?[\"']", re.IGNORECASE)
"""Where a part of the whole begins and ends."""
_QUOTED = re.compile(r"[\"'](\w{1,40})[\"']\s*:")
_IS_NAME = re.compile(r"(?:\w+_)?name|cluster|label")
_MAKES = re.compile(r"[>|]|\bsed\b|envsubst|open\(|write|render|update|\[[\"']")
"""What may make another task of each turn."""
_NAMED_WORKER = re.compile(
    rf"(?i)(?:^|[\W_])(?:(?:{_WORKER}|w|n|gpu)[-_=]?|(?:shards?|parts?|splits?|slices?)/[\w.-]{{0,20}}?0*)"
    + UNKNOWN
)
"""A name that ends in a number: worker-3, parts/p03."""
_COUNTS = re.compile(
    r"^[\s\"'(]*(?:\$\(\s*|`)?(?:seq|range|xrange|\(\()|^\s*\{-?\d+\.\.|^[\d\s]+$|;.*(?:\+\+|\+=)"
)
_SPLIT = re.compile(r"\b(?:array_split|divide|distribute)\(")
"""Splits the whole into a number of parts: NumPy's, and more_itertools'."""
_CUT = re.compile(r"(?m)^[ \t]*(?:[^\n#|]{0,300}\|[ \t]*)?g?split[ \t]([^\n|;&]{1,300})")
"""The command that cuts a list into files."""
_OPTION = re.compile(r"(?:^|(?<=\s))(?:-[lnbCa]\s{1,4}[^\s-]\S*|--?[a-zA-Z]\S*|[0-9]?>\s{0,4}\S+)")
_NAMES = re.compile(r"[A-Za-z_]\w+")
_MANY = 64
"""Workers of one job: of more parts, each is an item."""


def given(words: Sequence[Word], options: Collection[str]) -> list[Word]:
    """The words that give these options their values: the option's own where it ends in "=", else the next."""
    named = [word.text.partition("=")[0].replace("_", "-") for word in words]
    return [
        word
        for at, word in enumerate(words)
        if ("=" in word.text and named[at] in options)
        or (at and "=" not in words[at - 1].text and named[at - 1] in options)
    ]


def given_to(words: Sequence[Word], changing: Collection[str]) -> tuple[str, ...]:
    """The names of the options and variables that are given what changes: `--env SEED=$s` gives SEED."""
    found = []
    for at, word in enumerate(words):
        if word.names.isdisjoint(changing):
            continue
        text = word.text.partition(UNKNOWN)[0]
        key = re.search(r"([\w.-]+)[=:]\W*$", text)
        before = words[at - 1].text if at else ""
        if key is None and before.startswith("-") and not text.startswith("-"):
            key = re.search(r"([\w.-]+)$", before)
        elif key is None and before.endswith("="):
            key = re.search(r"(\w+)=$", before)
        if key is not None:
            found.append(key[1].lstrip("-"))
        found += re.findall(r"--([\w-]{1,60})[\"', =:\[\]]{1,6}" + UNKNOWN, word.text)
        found += re.findall(r"\b([A-Z][A-Z_]{1,40})[\"']?[=:]\W{0,4}" + UNKNOWN, word.text)
    return tuple(dict.fromkeys(found))


def parts_made(script: str) -> tuple[str, ...]:
    """What the names of the parts begin with into which a list is cut: `split -n l/8 all.txt parts/p` → "parts/"."""
    found = []
    for arguments in _CUT.findall(script)[:20]:
        plain = [word.strip("\"'") for word in _OPTION.sub(" ", arguments).split()]
        folder, slash, name = plain[1].rpartition("/") if len(plain) > 1 else ("", "", "")
        found.append(folder + slash or name)
    return tuple(dict.fromkeys(begin for begin in found if len(begin) > 1 and "$" not in begin))


def is_of_parts(loop: Loop, parts: Sequence[str]) -> bool:
    """Whether a loop goes over such parts: each holds many items."""
    return any(re.search(rf"(?<![\w-]){re.escape(part)}", loop.over.text[:300]) for part in parts)


def is_worker(name: str) -> bool:
    """Whether a name is that of a worker's number: RANK, shard_id."""
    return _IS_WORKER.fullmatch(name) is not None


def is_fixed_number(
    loop: Loop, words: Sequence[Word], changing: Collection[str], before: str, name: Word | None
) -> bool:
    """Whether a loop brings up the workers, shards, ranks or replicas of one job: a number that somebody chose, each
    with its own part of the work, or all the same. `before` is what of the loop's text stands before the launch,
    `name` the word that names the machine."""
    if loop.items is not None and loop.items > _MANY:
        return False
    over = loop.over.text[:300]
    changed = [word for word in words if not word.names.isdisjoint(changing)]
    named_worker = any(_NAMED_WORKER.search(word.text) for word in changed) and (loop.items or 0) <= _MANY
    if named_worker and (_COUNTS.search(over) or loop.kind == "while"):
        return True
    if loop.items is None and any(int(number) > _MANY for number in re.findall(r"\b\d{1,9}\b", over)):
        return False
    if _SPLIT.search(over):
        return True
    counts = bool(_COUNTS.search(over)) or loop.kind == "while"
    if counts and any(_TOTAL.fullmatch(name) or _PLURAL.fullmatch(name) for name in _NAMES.findall(over)):
        return True
    keys = [_last(key) for key in given_to(words, changing)]
    named = sum(not word.names.isdisjoint(changing) for word in words)
    alone = named == 1 and name is not None and not name.names.isdisjoint(changing)
    if counts and (keys or alone) and (alone or named == len(keys)) and all(map(_IS_NAME.fullmatch, keys)):
        return not before.strip() or not _MAKES.search(before)  # only the name differs: all do the same
    if counts and _FROM.search(before) and _TO.search(before):
        return True
    told = [name for word in words for name in _NAMES.findall(word.text[:5_000].replace("-", "_"))]
    total = any(_TOTAL.fullmatch(name.strip("_")) for name in told)
    total = total or any(_TOTAL.fullmatch(name) for name in _QUOTED.findall(before))
    if counts and total:
        return True
    if loop.variables and all(is_worker(name) for name in loop.variables):
        return counts or total or any(_PLURAL.fullmatch(name) for name in _NAMES.findall(over))
    keys += _QUOTED.findall(before)
    return counts and any(is_worker(key) for key in keys)


_SETTING = re.compile(
    r"(?:\w+_)?(?:lrs?|learning_?rates?|seeds?|wds?|weight_?decays?|bs|batch_?sizes?|epochs?|dropouts?|warmups?|alphas?|"
    r"lora_?r(?:ank)?|lambdas?|gammas?|taus?|max_?steps?|optim(?:izer)?s?|betas?|temps?|temperatures?|hparams?|hyper_?params?|"
    r"sizes?|widths?|depths?|layers?|rate|cfgs?|configs?|configurations?|settings?|variants?|ablations?|experiments?|"
    r"exps?|sweeps?|trials?|folds?|methods?|algos?|algorithms?|arch(?:itecture)?s?|recipes?)"
    r"(?:_?(?:id|ids|name|names|file|files|path|paths|list|grid|\d))?",
    re.IGNORECASE,
)
"""What a sweep goes through: settings of training, configurations, experiments."""
_MODEL = re.compile(
    r"(?:\w+_)?(?:models?|ckpts?|checkpoints?|backbones?|llms?|adapters?|loras?)"
    r"(?:_?(?:id|ids|name|names|path|paths|list|type|\d))?",
    re.IGNORECASE,
)
"""Another model has to be loaded anyway: a machine that stays would save its own start alone."""
_CONFIGS = re.compile(r"\b(?:conf(?:ig\w*)?|cfgs?|exp(?:eriment)?s?|ablat\w*|sweeps?)\b", re.IGNORECASE)
_BESIDE_THE_POINT = re.compile(
    r"(?:job_|task_|run_|display_|cluster_|exp(?:eriment)?_|pod_|instance_|wandb_\w*)?(?:names?|display_name|c|n|cluster|labels?|"
    r"tags?|out(?:put)?s?|out(?:put)?_?dir|log(?:s|_dir|dir)?|dir|dst|results?|port)",
    re.IGNORECASE,
)
"""What each launch is called, and where it writes: that says nothing of what it does."""
_MACHINE = re.compile(
    r"gpu_?(?:type|id|count|name)?(?:_?id)?s?|machine_type|instance_type|size|zone|region|location|infra|cloud",
    re.IGNORECASE,
)
"""Options that say which machine."""
_TRAINS = re.compile(
    r"(?:^|[\W_])(?:pre)?train(?:er|ing)?(?:[\W_]|$)|fine-?_?tun|torchrun|accelerate launch|deepspeed|"
    r"(?:^|[\W_])(?:sft|dpo|ppo|grpo|rlhf|hpo|distill\w*|ablat\w*)(?:[\W_]|$)|PyTorchJob",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(
    r"--?(?:budget|workspace|project|account|group|queue|partition|qos|cluster|namespace|resource-group)(?:=.*)?|-[Apqg]"
)
QUEUE = re.compile(
    r"\b(?:[lrb]{0,2}pop(?:left|item)?|receive[-_]message|dequeue|claim|lease|next_?job|get_?job|next_?task|get_?task)\b",
    re.IGNORECASE,
)
"""What takes the next item of a queue, in a loop that has no end."""
TO_WORK_ON = re.compile(r"jupyter|notebook|devbox|dev-?pod|vs-?code|playground", re.IGNORECASE)
"""A machine for a person: each has one."""
FEW_MODELS = 16
FEW_HOURS = 64


def is_sweep(loops: Sequence[Loop], keys: Sequence[str]) -> bool:
    """Whether each launch is one setting of a sweep: by what the loops go through, else by what it is given."""
    named = [name for loop in loops for name in loop.variables]
    if named and all(_SETTING.fullmatch(name) for name in named if name != "_"):
        return True
    told = [key for key in map(_last, keys) if not _BESIDE_THE_POINT.fullmatch(key)]
    if not any(_CONFIGS.search(loop.over.text.replace("_", " ")) for loop in loops):
        told = [
            key for key in told if not _CONFIGS.fullmatch(key)
        ]  # any file may be given as the configuration
    return bool(told) and all(_SETTING.fullmatch(key) for key in told)


def is_of_models(loops: Sequence[Loop], keys: Sequence[str]) -> bool:
    """Whether each launch has a model of its own."""
    names = [name for loop in loops for name in (*loop.variables, *loop.over.names)]
    names += re.findall(r"\w+", " ".join(loop.over.text[:60] for loop in loops if len(loop.over.text) < 60))
    return any(map(_MODEL.fullmatch, names)) or any(_MODEL.fullmatch(_last(key)) for key in keys)


def is_elsewhere(loop: Loop, words: Sequence[Word], changing: Collection[str]) -> bool:
    """Whether each turn is on another machine, in another place or for another person, and not for another item."""
    over = loop.over.text[:300]
    if PLACES.fullmatch(over) or _PEOPLE.search(" ".join((over, *loop.variables))):
        return True
    told = given_to(words, changing)
    if len(told) < sum(not word.names.isdisjoint(changing) for word in words):
        return False  # something is handed over that no option names
    keys = [key for key in map(_last, told) if not _BESIDE_THE_POINT.fullmatch(key)]
    return bool(keys) and all(HARDWARE.fullmatch(key) or _MACHINE.fullmatch(key) for key in keys)


def without_accounts(words: Sequence[str]) -> list[str]:
    """A command without who pays and where it waits: `--budget lab/training` says nothing of the work."""
    return [
        word
        for before, word in zip(["", *words], words, strict=False)
        if not _ACCOUNT.fullmatch(word) and ("=" in before or not _ACCOUNT.fullmatch(before))
    ]


def trains(texts: Iterable[str]) -> bool:
    """Whether what is launched trains: hours, where inference of an item is seconds."""
    return any(_TRAINS.search(text) for text in texts)


def _last(key: str) -> str:
    return key.rpartition(".")[2].replace("-", "_")
