"""Which structure a repository has: the one whose weights, counted, are what it stores."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from gpuspec.architectures.config import Unsaid
from gpuspec.architectures.families import FAMILIES
from gpuspec.architectures.parts import Architecture
from gpuspec.architectures.read import read_architecture
from gpuspec.catalog.hub_table import NOTES
from gpuspec.catalog.name_parts import NOT_THE_MODEL, sizes, tokens
from gpuspec.quantization import find_scheme
from tools.hub_models.by_count import ByCount, Known
from tools.hub_models.compose import (
    config_of,
    may_have_window,
    row_of,
    says_window,
    variants,
    with_columns,
    with_tower,
    without_window,
)
from tools.hub_models.estimates import is_estimate, is_estimate_of
from tools.hub_models.known_configs import KnownConfigs
from tools.hub_models.namesakes import Namesakes
from tools.hub_models.native import SCALES
from tools.hub_models.rows import UNKNOWN, Row, scheme_of
from tools.hub_models.stored_counts import WITHIN, Sums, counts, guessed, packed_counts, sums
from tools.hub_models.structure import Choice, Structure

MOST_BESIDE = 8 * 10**9
"""Of a tower that is known only as what is stored beside the text model."""
EXACT = 2e-4
NEAR = 5e-4
SCALES_WITHIN = 0.02
NAMED_WITHIN = 0.2
"""The size in a name is rounded, and may leave out the embedding."""


class Chooser:
    """Chooses for one row after the other; `learn` first shows it those that are certain."""

    def __init__(self, known: KnownConfigs) -> None:
        self._known = known
        self._read: dict[str, Structure | str] = {}
        self._of_shape: dict[tuple[int | str, ...], dict[bool, tuple[float, Structure]]] = {}
        """By shape, with a tied head and with one apart: how far off it is, and the structure."""
        self._votes: dict[tuple[int | str, ...], list[int]] = {}
        """How many repositories of a shape have a head of their own, and how many store it with the embedding; by the
        shape, and by the form, which fine-tunes with a few tokens more have in common."""
        self._by_count = ByCount(())
        self._columns: dict[tuple[str, int], Row] = {}
        self._named = Namesakes()

    def learn(self, rows: list[Row], models: Iterable[Mapping[str, Any]]) -> None:
        """Remember the structures that counts confirm, by their shape and by their counts. `models` are shapes under
        no architecture: where one makes the count of a repository whose shape is not known, it is its shape."""
        self._by_count = ByCount(rows)
        self._columns = {(row.architecture, _rounded(row)): row for row in reversed(rows) if row.layers}
        for architecture in sorted({row.architecture for row in rows} & FAMILIES.keys()):
            usual = self._structure({"model_type": architecture})
            if isinstance(usual, Structure):
                self._remember_counts(architecture, usual)
        for config in self._known.every:
            known = self._structure(config)
            if isinstance(known, Structure):
                self._remember_counts(str(config.get("model_type")), known)
        votes: dict[tuple[int | str, ...], list[int]] = {}
        for row in rows:
            if row.layers and scheme_of(row) in (None, "fp8") and not is_estimate(row):
                tied = self._learn_shape(row)
                if tied is not None:
                    for key in (row.shape, row.form):
                        votes.setdefault(key, [0, 0])[tied] += 1
        self._votes = votes
        bare = [row for row in rows if not row.layers]
        for model in models:
            size = float(model["params_b"]) * 1e9
            near = {row.architecture for row in bare if 0.9 < row.stored / size < 1.4}
            for architecture in sorted(near & FAMILIES.keys()):
                for found in self._candidates(row_of(model, architecture)):
                    self._remember_counts(architecture, found)

    def _learn_shape(self, row: Row) -> bool | None:
        """Remember a row's structure where its count confirms one; say whether its head is tied, if that is sure."""
        found, error = self._nearest(row)
        if found is None or error > WITHIN:
            return None
        of_shape, tied = self._of_shape.setdefault(row.shape, {}), found.architecture.tied
        if error < of_shape.get(tied, (1.0,))[0]:
            of_shape[tied] = error, found
        self._remember_counts(row.architecture, found)
        exact = not found.beside and abs(found.parameters / row.stored - 1) < EXACT
        return tied if exact else None

    def _remember_counts(self, architecture: str, found: Structure) -> None:
        a = found.architecture
        if not found.bare and not a.derived:
            known = Known(found.key, found.sums, a.hidden, a.vocabulary, a.tied, found.beside, a.experts)
            self._by_count.add(architecture, known)

    def _counted(self, row: Row) -> Structure | None:
        same = self._by_count.find(row)
        if same is None and (row.architecture == UNKNOWN or row.architecture in FAMILIES):
            same = self._by_count.elsewhere(row)
        if same is None:
            return None
        known, vocabulary, bare = same
        config = with_columns(json.loads(known.key), row._replace(vocabulary=vocabulary, experts=0))
        found = self._structure(config)
        if not isinstance(found, Structure):
            return None
        return self._towered(found, known.beside) if known.beside else found._replace(bare=bare)

    def _of_vectors(self, row: Row) -> Structure | None:
        """The structure whose norms and biases the list counted, of the size that the name states."""
        named = named_size(row) or 0
        for known in self._by_count.of_vectors(row):
            if abs(known.sums.parameters - named) < NAMED_WITHIN * named:
                found = self._structure(json.loads(known.key))
                return found if isinstance(found, Structure) else None
        return None

    def _pruned(self, row: Row) -> Structure | None:
        """A mixture of which experts were taken away."""
        for known, experts in self._by_count.pruned(row):
            left = row._replace(vocabulary=known.vocabulary, experts=experts)
            found = self._structure(with_columns(json.loads(known.key), left))
            if isinstance(found, Structure) and abs(found.parameters / row.stored - 1) < EXACT:
                return found
        return None

    @staticmethod
    def _towered(found: Structure, beside: int) -> Structure:
        """A structure with a tower of so many elements in the place of its own."""
        text = found.sums._replace(parameters=found.sums.text, towers=0)
        return found._replace(sums=text, beside=beside, bare=False, real=False)

    def completed(self, row: Row) -> Row:
        """The row with the shape of its sister, of the same architecture and count, where it states none."""
        sister = None if row.layers else self._columns.get((row.architecture, _rounded(row)))
        return row if sister is None else row.with_columns_of(sister)

    def choose(self, row: Row) -> Choice:
        """The structure of a row. What is packed may by chance be as many elements as another model has in 16 bit:
        then the size in the name speaks against it."""
        own = self._own(row)
        if own is not None:
            return own
        found, named = self._choose(row), named_size(row)
        if found.structure is None or not named or scheme_of(row) in (None, "fp8"):
            return found
        return (
            found if 0.5 < found.structure.parameters / named < 2 else Choice(None, "its name says otherwise")
        )

    def _choose(self, row: Row) -> Choice:
        if row.architecture == UNKNOWN or not row.layers:
            same = self._counted(row) or self._pruned(row) or self._of_vectors(row)
            if same is not None or not row.layers:
                return Choice(same, "" if same else "its shape is not known")
        scheme, shaped, estimate = scheme_of(row), self._shaped(row), is_estimate(row)
        if shaped is not None and (scheme not in (None, "fp8") or estimate):
            return Choice(shaped)  # what is packed says little; a sister in 16 bit has the same shape
        if estimate:
            return self._uncounted(row)
        found, error = self._nearest(row)
        scales = found is not None and _has_scales(row, found.sums)
        if found is not None and (error <= WITHIN or scales):
            return Choice(found, has_scales=scales)
        if shaped is not None and _not_counted(row, shaped):
            return Choice(shaped)
        packed = self._packed(row, scheme) if scheme is not None else None
        if packed is not None:
            return Choice(packed)
        if found is None:
            return Choice(None, "its config could not be read from the columns of the list")
        too_many = _as_named(row, found) and row.stored > 1.3 * found.parameters
        if (too_many or _not_counted(row, found)) and not found.architecture.derived:
            return Choice(found, NOTES["c"])
        return Choice(found, f"{found.parameters} by its shape")

    def learn_names(self, chosen: Iterable[tuple[Row, Choice]]) -> None:
        """Remember certain structures by the names of their repositories."""
        for row, choice in chosen:
            found = choice.structure
            if found is not None and not choice.unsure and not found.architecture.derived:
                self._named.add(row, found)

    def by_name(self, row: Row, choice: Choice) -> Choice:
        """The choice for a row; the model in its name for packed files that nothing else explains."""
        if choice.structure is not None and choice.unsure in ("", NOTES["c"]):
            return choice
        found = None if is_estimate(row) else self._named.find(row)
        return choice if found is None else Choice(found, NOTES["b"])

    def _own(self, row: Row) -> Choice | None:
        """The structure of the repository's own config, where that is known."""
        config = self._known.of.get(row.name.lower())
        if config is None or row.architecture not in (UNKNOWN, config.get("model_type")):
            return None
        read = self._variants(with_columns(config, row), real=True)
        found, error = self._best(row, read)
        if found is not None and (error <= WITHIN or scheme_of(row) is not None):
            return Choice(found)
        return Choice(read[0], NOTES["c"]) if read and is_estimate_of(row, read[0].architecture) else None

    def _mostly_tied(self, row: Row) -> bool | None:
        """Whether most repositories of a row's shape have their head tied; None where nothing tells."""
        for key in (row.shape, row.form):
            apart, tied = self._votes.get(key, (0, 0))
            if apart != tied:
                return tied > apart
        return None

    def _shaped(self, row: Row) -> Structure | None:
        """The structure of sisters in 16 bit, its head as most of them have it."""
        found = self._of_shape.get(row.shape, {})
        if len(found) < 2:
            return next((each for _, each in found.values()), None)
        tied = self._mostly_tied(row)
        if tied is None:
            usual = next(iter(self._candidates(row)), None)
            tied = usual is not None and usual.architecture.tied
        return found[tied][1]

    def _uncounted(self, row: Row) -> Choice:
        """What a row is whose count is a formula: its columns are all that is known."""
        candidates = self._candidates(row)
        found = next((each for each in candidates if each.parameters == row.stored), None)
        if found is not None:
            return Choice(found)  # of a model without norms
        found = next(iter(candidates), None)
        doubtful = found is None or found.architecture.derived or _is_unlike_its_name(row, found)
        return Choice(found, NOTES["g"] if doubtful else NOTES["c"])

    def _candidates(self, row: Row) -> list[Structure]:
        real = [with_columns(each, row) for each in self._known.like(row)]
        found: list[Structure] = []
        own = config_of(row)
        towers = [
            with_tower(own, tower, row.hidden) for tower in self._known.towers.get(row.architecture, ())
        ]
        found += [each for config in real for each in self._variants(config, real=True)]
        for config in (own, *(each for at, each in enumerate(towers) if each not in towers[:at])):
            found += [each._replace(borrowed=config in towers) for each in self._variants(config)]
        if self._mostly_tied(row):
            found.sort(key=lambda structure: not structure.architecture.tied)
        return found

    def _variants(self, config: dict[str, Any], *, real: bool = False) -> list[Structure]:
        """The structures of a config and of what it leaves open; `real`: the first is that of a real one."""
        read = [(self._structure(each), each is config and real) for each in variants(config)]
        return [found._replace(real=is_real) for found, is_real in read if isinstance(found, Structure)]

    def _structure(self, config: dict[str, Any]) -> Structure | str:
        key = json.dumps(config, sort_keys=True)
        if key not in self._read:
            try:
                found, doubtful = _without_doubtful_window(config)
                self._read[key] = Structure(found, sums(found), key, may_have_window=doubtful)
            except Unsaid as said:
                self._read[key] = str(said)
        return self._read[key]

    def _nearest(self, row: Row) -> tuple[Structure | None, float]:
        """The structure that explains best what is stored in 16 bit, and how far off it is."""
        best, least = self._best(row, self._candidates(row))
        if best is not None and best.real and least <= WITHIN:
            return best, least
        if least > EXACT and _sees(row) and scheme_of(row) is None:
            towered = self._with_tower(row)
            if towered is not None:
                return towered, EXACT  # a tower of known sizes is likelier
        return best, least

    def _best(self, row: Row, candidates: Iterable[Structure]) -> tuple[Structure | None, float]:
        best: Structure | None = None
        least = float("inf")
        tied = self._mostly_tied(row)
        for candidate in candidates:
            for count in counts(candidate.sums):
                error = abs(count.elements / row.stored - 1)
                bare = "without towers" in count.why
                if "twice" in count.why and not candidate.real and not tied:
                    error += EXACT  # a head of its own is likelier, where nothing says that it is tied
                if error > EXACT and (candidate.borrowed or (bare and _sees(row))):
                    continue  # a tower of another size is likelier than this one, or none
                if count.why and not candidate.real and error > NEAR:
                    continue  # it must explain what is stored better than the plain count would
                if error < least - 1e-4:
                    best, least = candidate._replace(bare=bare), error
        return best, least

    def _with_tower(self, row: Row) -> Structure | None:
        """The text model, and a tower as large as what is stored beside it."""
        for candidate in self._candidates(row):
            for drafts in {candidate.sums.drafts, 0}:
                beside = row.stored - candidate.sums.text - drafts
                if candidate.architecture.derived or not 0 < beside < min(MOST_BESIDE, row.stored // 3):
                    continue
                return self._towered(candidate, beside)
        return None

    def _packed(self, row: Row, scheme: str) -> Structure | None:
        bits = round(find_scheme(scheme).bits or 0) // 4 * 4
        for candidate in self._candidates(row):
            if candidate.architecture.derived:
                continue
            if any(
                abs(count.elements / row.stored - 1) <= WITHIN
                for count in packed_counts(candidate.sums, bits)
            ):
                return candidate
        return None


def _rounded(row: Row) -> int:
    """A count but for a few norms and scales: to six digits, of counts that have nine."""
    return round(row.stored, -3) if row.stored < 10**9 else round(row.stored, 6 - len(str(row.stored)))


def _sees(row: Row) -> bool:
    return row.task in ("image-text-to-text", "any-to-any")


def _without_doubtful_window(config: dict[str, Any]) -> tuple[Architecture, bool]:
    """The structure of a config, whose layers see the whole text where nothing but the default of a class says that
    they all see a window; and whether they may see it all the same."""
    found = read_architecture(config)
    if {cache.kind for layer in found.layers for cache in layer.caches} != {"window"} or says_window(config):
        return found, False
    return read_architecture(without_window(config)), may_have_window(config, found.vocabulary)


def named_size(row: Row) -> float | None:
    """Parameters that its name states; None where that is the size of a model that it is made for. "MTP" may say that
    it has those layers, too."""
    parts = tokens(row.name.rpartition("/")[2])
    beside = row.architecture.endswith("_mtp") or any(part in NOT_THE_MODEL - {"mtp"} for part in parts)
    billions = None if beside else sizes(parts)[0]
    return billions * 1e9 if billions else None


def _as_named(row: Row, found: Structure) -> bool:
    named = named_size(row)
    return named is not None and abs(found.parameters / named - 1) < NAMED_WITHIN


def _not_counted(row: Row, found: Structure) -> bool:
    """Whether the list has the size that the name states, or a formula's over the defaults of a class."""
    rounded = row.stored % 10**6 == 0 and abs(found.parameters / row.stored - 1) < NAMED_WITHIN
    return not _is_unlike_its_name(row, found) and (rounded or row.stored == guessed(found.architecture))


def _is_unlike_its_name(row: Row, found: Structure) -> bool:
    return named_size(row) is not None and not _as_named(row, found)


def _has_scales(row: Row, s: Sums) -> bool:
    every = SCALES.get(row.architecture)
    if every is None:
        return False
    scales = (s.experts if every == 32 else s.linear) // every
    exact = [count.elements for count in counts(s)]
    return row.stored not in exact and any(
        abs(each + scales - row.stored) < scales * SCALES_WITHIN for each in exact
    )
