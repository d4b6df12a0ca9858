"""The baselines of one `gpuspec lint`: the one that is named, or of each file the one that its settings name."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence

from gpuspec.errors import UserError
from gpuspec.lint.baseline import Baseline, baseline_text, read_baseline
from gpuspec.lint.result import Hidden, Located
from gpuspec.lint.settings import Settings
from gpuspec.report.summary import plural


class Baselines:
    """Baselines, each read once. `named` goes before what settings say."""

    def __init__(self, named: str | None) -> None:
        self._named = named
        self._read: dict[str, Baseline] = {}
        self._of_file: dict[str, Baseline] = {}
        if named:
            self._read[_from_here(named)] = read_baseline(named)

    @property
    def paths(self) -> tuple[str, ...]:
        """The files they were read from."""
        return tuple(self._read)

    def note(self, path: str, settings: Settings) -> None:
        """A file is linted under some settings. Raises UserError where its baseline cannot be read."""
        file = self._named or settings.baseline
        if file is None:
            return
        file = _from_here(file)
        if file not in self._read:
            hint = "write it with `gpuspec lint --write-baseline`, or leave it out with --no-baseline."
            self._read[file] = read_baseline(file, hint=hint)
        self._of_file[path] = self._read[file]

    def known(self, found: Sequence[Located]) -> Collection[int]:
        """The positions of the findings that are known, asked once of all findings of a run."""
        of_each: dict[int, list[int]] = {}
        for at, each in enumerate(found):
            baseline = self._of_file.get(each.path)
            if baseline:
                of_each.setdefault(id(baseline), []).append(at)
        known: set[int] = set()
        for baseline in self._read.values():
            places = of_each.get(id(baseline), [])
            admitted = baseline.known([found[at] for at in places])
            known.update(at for at, is_known in zip(places, admitted, strict=True) if is_known)
        return known

    def stale(self, rules: Collection[str], *, searched: bool) -> tuple[str, ...]:
        """Entries that find nothing any more."""
        return tuple(
            entry
            for baseline in self._read.values()
            for entry in baseline.stale(self._files_of(baseline), rules, searched=searched)
        )

    def _files_of(self, baseline: Baseline) -> list[str]:
        return [path for path, each in self._of_file.items() if each is baseline]


def _from_here(path: str) -> str:
    """A path below the current folder as it is called there."""
    inside = os.path.relpath(path)
    return path if inside.startswith(os.pardir) else inside


def parted(
    found: Sequence[Located], baselines: Baselines | None, silenced: Mapping[str, Sequence[Hidden]]
) -> tuple[list[Located], list[Hidden]]:
    """The findings of a run that are shown, and those that are hidden: what the baselines know, and what comments
    have `silenced` in each file."""
    known = baselines.known(found) if baselines else ()
    hidden = [Hidden(found[at], "baseline") for at in sorted(known)]
    by_comments: dict[object, Hidden] = {}
    for of_file in silenced.values():
        for each in of_file:  # a comment in a file that is a script and a job may silence one twice
            said = (each.found.path, each.found.place, each.found.finding.code, each.found.finding.message)
            by_comments.setdefault(said, each)
    shown = [each for at, each in enumerate(found) if at not in known]
    return shown, [*hidden, *by_comments.values()]


def _require_free(target: str, named: str) -> None:
    """UserError where settings, which came with the project, name a file as the baseline that is none: it is
    somebody's (`../../.bashrc`)."""
    if not named and os.path.lexists(target) and (not os.path.isfile(target) or os.path.getsize(target)):
        hint = f"correct `baseline` in the settings; --write-baseline {target} writes over it all the same."
        raise UserError(
            "would-overwrite", f"the settings name {target} as the baseline, and it is none", hint
        )


def written(
    named: str, settings: Mapping[str, Settings], found: Sequence[Located], rules: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    """Of each baseline to write (`named`; where that is empty, what the settings of each file say): its path, its
    text, and what to tell. What it records of files and rules that this run does not ask about is kept. Raises
    UserError `no-baseline`."""
    if named and os.path.isdir(named):
        hint = "put PATH first: what follows --write-baseline is the FILE to write."
        raise UserError("cannot-write", f"the baseline {named} cannot be written: it is a folder", hint)
    targets: dict[str, list[str]] = {}
    for path, of_file in settings.items():
        target = named or of_file.baseline
        if target is None:
            hint = 'give --write-baseline a FILE, or set `baseline = "FILE"`.'
            raise UserError("no-baseline", f"no setting names a baseline for {path}", hint)
        targets.setdefault(_from_here(target), []).append(path)
    if named:
        targets.setdefault(_from_here(named), [])
    for target, files in targets.items():
        own = set(files)
        mine = [each for each in found if each.path in own]
        try:
            kept = read_baseline(target).not_asked(files, rules)
        except UserError:
            _require_free(target, named)
            kept = None  # none is there, or whoever runs this names what is to be written over
        number = sum(kept.values()) if kept else 0
        more = f", {number:,} of other files and rules kept" if number else ""
        said = f"{plural(len(mine), 'finding')} written to {target}{more}"
        yield target, baseline_text(mine, target, kept), said
