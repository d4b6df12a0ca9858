"""Clouds and regions that somebody named and that have no prices here: nobody knows them, or no price list in force
has them. Whatever asks for such a place finds nothing to rent there."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from gpuspec.catalog.clouds import CLOUDS
from gpuspec.named_tuple import NamedTuple
from gpuspec.planning.limits import RentalTerms, covers, region_names
from gpuspec.planning.price_lists import PriceBook
from gpuspec.words import listed

OWN_MACHINES = frozenset({"kubernetes", "k8s", "slurm", "ssh"})
"""What launchers call machines that one has: no price list that ships has them."""
OTHER_NAMES = {
    "amazon": "aws",
    "datacrunch": "verda",
    "digitalocean": "do",
    "gcloud": "gcp",
    "google": "gcp",
    "microsoft": "azure",
    "oracle": "oci",
}
"""What people call clouds, and what SkyPilot does."""
MOST_NAMED = 5
"""Regions of one cloud that a message names."""
_LONGEST_NAME = 100


class Unpriced(NamedTuple):
    """A place without prices. `at` is its position among those named."""

    at: int
    message: str
    advice: str
    known: bool = True
    """False for a cloud that nobody knows."""
    near: str = ""
    """The cloud that is probably meant, where nobody knows this one."""


def unpriced_clouds(names: Iterable[str], book: PriceBook) -> Iterator[Unpriced]:
    """The clouds among these that no price list in force has."""
    for at, written in enumerate(names):
        name = written.strip().lower()
        if name not in book.clouds:
            yield _unpriced_cloud(at, written, name, book)


def _unpriced_cloud(at: int, written: str, name: str, book: PriceBook) -> Unpriced:
    there = f"there are prices of {', '.join(sorted(book.clouds)) or 'no cloud'}"
    known = book.catalog.stock().hosts  # a price file of one's own may have few of these
    if name in known:
        return Unpriced(at, f"no prices of {written} are in the price list in force", there)
    if name in OWN_MACHINES:
        message = f"{written} stands for machines you have, and no price list in force has them"
        return Unpriced(at, message, "say what they cost in a price file (`prices` in gpuspec.toml)")
    if name in CLOUDS:
        message = f"no price list in force has {written}, a cloud that SkyPilot knows"
        return Unpriced(at, message, f"`gpuspec prices update --cloud {name}` may fetch its prices; {there}")
    other = [OTHER_NAMES[name]] if name in OTHER_NAMES else []
    near = other or _nearest(name, sorted({*CLOUDS, *book.clouds, *known}), most=1)
    cut = repr(written[:_LONGEST_NAME])
    if not near:  # it may be newer than the lists
        return Unpriced(at, f"no cloud called {cut} is known", there, known=False)
    meant = f"did you mean {near[0]!r}? {there[0].upper()}{there[1:]}"
    return Unpriced(at, f"there is no cloud {cut}", meant, known=False, near=near[0])


MOST_HINTS = 100
"""Regions of one job for which those that are spelt alike are looked up: for 20,000 that took a second."""
_LISTED = "`gpuspec prices --cloud CLOUD` lists the regions of a cloud"


def unpriced_regions(regions: Sequence[str], clouds: Collection[str], book: PriceBook) -> Iterator[Unpriced]:
    """The regions among these that none of the `clouds` (lower case; empty: any) has prices of. Of clouds without
    any price, nothing is said of regions."""
    if not regions:
        return
    of_cloud = {cloud: found for cloud, found in book.stock.regions.items() if not clouds or cloud in clouds}
    known = {name for found in of_cloud.values() for region in found for name in region_names(region)}
    unpriced = 0
    for at, written in enumerate(regions):
        name = written.strip().lower()
        if of_cloud and not any(covers(name, each) for each in known):
            of = f" of {' or '.join(sorted(of_cloud))}" if clouds else ""
            message = f"no prices{of} for the region {written[:_LONGEST_NAME]}"
            unpriced += 1
            there = (
                _regions_there(name, of_cloud, book, named=bool(clouds))
                if unpriced <= MOST_HINTS
                else _LISTED
            )
            yield Unpriced(at, message, there)


def _regions_there(name: str, of_cloud: Mapping[str, set[str]], book: PriceBook, *, named: bool) -> str:
    """What regions there are; where no cloud was named, those whose names are nearest."""
    begun = sorted(
        {region for found in of_cloud.values() for region in found if region.lower().startswith(name)}
    )
    if begun and "," not in "".join(begun):
        pattern = name + "-" * all(region.lower().startswith(f"{name}-") for region in begun) + "*"
        return f'"{pattern}" takes {listed(begun, MOST_NAMED)}'
    elsewhere = sorted(cloud for cloud, found in book.stock.regions.items() if name in map(str.lower, found))
    if elsewhere:
        return f"{name} is a region of {' and '.join(elsewhere)}"
    if not named:
        every = sorted({region for found in of_cloud.values() for region in found})
        near = _nearest(name, every, most=MOST_NAMED)
        if not near:
            return _LISTED
        clouds_of = {
            region: " and ".join(sorted(cloud for cloud, found in of_cloud.items() if region in found))
            for region in near
        }
        return f"spelt alike: {', '.join(f'{region} ({clouds_of[region]})' for region in near)}"
    return "; ".join(_of_cloud(name, cloud, sorted(found)) for cloud, found in sorted(of_cloud.items()))


def _of_cloud(name: str, cloud: str, regions: list[str]) -> str:
    if not regions:
        return f"the prices of {cloud} say no region"
    if len(regions) == 1 and cloud in CLOUDS:
        more = f"`gpuspec prices update --cloud {cloud}` may fetch those of others"
        return f"the prices of {cloud} are those of {regions[0]}; {more}"
    if len(regions) <= MOST_NAMED:
        return f"of {cloud} there {'is' if len(regions) == 1 else 'are'} {', '.join(regions)}"
    shown = _nearest(name, regions, most=MOST_NAMED) or regions[:MOST_NAMED]
    more = f"{len(regions) - len(shown)} more: `gpuspec prices --cloud {cloud}` lists them"
    return f"of {cloud} there are {', '.join(shown)} and {more}"


def _nearest(name: str, known: Sequence[str], *, most: int) -> list[str]:
    if len(name) > _LONGEST_NAME:
        return []
    from difflib import get_close_matches

    return get_close_matches(name, known, n=most, cutoff=0.6)


def notes_on_places(clouds: Sequence[str], terms: RentalTerms, book: PriceBook) -> list[str]:
    """A line on each cloud and region without prices among those a job names (`clouds` and `terms.regions`), and on
    those of the settings where none of them has any; that no cloud is both the job's and the settings'."""
    if terms.clouds and terms.allowed and not terms.clouds & terms.allowed:
        job, settings = (", ".join(sorted(names)) for names in (terms.clouds, terms.allowed))
        return [
            f"the job allows {job}, the settings {settings}: no cloud is in both (--cloud goes before both)"
        ]
    named = (unpriced_clouds(clouds, book), unpriced_regions(terms.regions, terms.clouds, book))
    lines = [line for found in named for line in _lines(found)]
    return lines + notes_on_settings(sorted(terms.allowed), terms.allowed_regions, book)


def notes_on_settings(clouds: Sequence[str], regions: Sequence[str], book: PriceBook) -> list[str]:
    """Why nothing can be rented by the `clouds` and `regions` of the settings; nothing where something can."""
    unpriced = list(unpriced_clouds(clouds, book))
    if clouds and len(unpriced) == len(clouds):
        return _lines(unpriced, " (clouds of the settings)")
    missing = list(unpriced_regions(regions, frozenset(clouds), book))
    return _lines(missing, " (regions of the settings)") if len(missing) == len(regions) else []


def _lines(places: Iterable[Unpriced], named_by: str = "") -> list[str]:
    """A line each; what there is instead is said once."""
    found = list(places)
    return [
        f"{each.message}{named_by}" + (f"; {each.advice}" if each is found[-1] or not each.known else "")
        for each in found
    ]
