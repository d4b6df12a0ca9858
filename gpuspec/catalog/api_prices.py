"""What tokens cost through an API, for comparison with a machine of one's own. Dollars per million tokens."""

import re
from functools import cache

from gpuspec.named_tuple import NamedTuple

# See gpu.py on annotations.

COLUMNS = (
    "provider", "model", "hosts", "input", "cached_input", "output", "batch_discount", "weighed_up_to_b", "read",
    "source",
)  # fmt: skip
"""Of `data/api_prices.tsv`, and of a file of one's own (`api_prices` of the settings)."""


class ApiPrice(NamedTuple):
    """One model behind an API, in dollars per million tokens."""

    provider: str
    model: str
    """As the provider's API names it."""
    hosts: str
    """The open model that answers, as the hub names it; "" where nobody says."""
    per_million_input: float
    per_million_cached: float | None
    """Of input that is in the provider's prompt cache; None where that is not said."""
    per_million_output: float
    batch_discount: float | None
    """The share by which tokens of a batch, answered within a day, cost less; None where that is not said."""
    weighed_up_to_b: float | None
    """Billions of parameters: open models up to this size are what people weigh against it. It is not the API model's
    own size, which nobody publishes."""
    as_of: str
    """ISO date of the source; "" where the user wrote the price."""
    source: str

    @property
    def name(self) -> str:
        """ "OpenAI gpt-4o", or what the user wrote."""
        return f"{self.provider} {self.model}".strip()

    @property
    def dated(self) -> str:
        """The name and the date of its price."""
        return f"{self.name}, as of {self.as_of}" if self.as_of else self.name

    def per_request(self, tokens_in: float, tokens_out: float) -> float:
        """Dollars for one request, nothing of it cached."""
        return (tokens_in * self.per_million_input + tokens_out * self.per_million_output) / 1e6

    def per_request_cached(self, tokens_in: float, tokens_out: float, share: float) -> float | None:
        """Dollars for one request, a share of whose input is in the provider's cache; None where its price is not
        known."""
        if self.per_million_cached is None:
            return None
        saved = tokens_in * share * (self.per_million_input - self.per_million_cached) / 1e6
        return self.per_request(tokens_in, tokens_out) - saved


def read_api_prices(text: str) -> tuple[ApiPrice, ...]:
    """The rows of a table: tab-separated, with a head line. ValueError names the line that is wrong."""
    head, *lines = text.splitlines() or [""]
    columns = head.split("\t")
    missing = [name for name in ("model", "input", "output") if name not in columns]
    if missing:
        raise ValueError(f"line 1: no column {', '.join(missing)} (columns: {', '.join(COLUMNS)}, by tabs)")
    found = []
    for number, line in enumerate(lines, 2):
        if line.strip() and not line.startswith("#"):
            row = dict(zip(columns, line.split("\t"), strict=False))
            found.append(_row(row, number))
    return tuple(found)


def _row(row: dict[str, str], line: int) -> ApiPrice:
    from gpuspec.numerals import number_of

    def amount(name: str) -> float | None:
        written = row.get(name, "").strip()
        if not written:
            return None
        value = number_of(written)
        if value is None or not 0 <= value <= MOST:
            raise ValueError(f"line {line}: {name} is {written!r}, no price of a million tokens")
        return value

    entry, answer = amount("input"), amount("output")
    if not row.get("model", "").strip() or entry is None or answer is None:
        raise ValueError(f"line {line}: model, input and output must be there")
    return ApiPrice(
        provider=row.get("provider", "").strip(),
        model=row["model"].strip(),
        hosts=row.get("hosts", "").strip(),
        per_million_input=entry,
        per_million_cached=amount("cached_input"),
        per_million_output=answer,
        batch_discount=amount("batch_discount"),
        weighed_up_to_b=amount("weighed_up_to_b"),
        as_of=row.get("read", "").strip(),
        source=row.get("source", "").strip(),
    )


MOST = 1e6
"""Dollars for a million tokens: what is beyond is no price."""


@cache
def api_prices() -> tuple[ApiPrice, ...]:
    """Every row that ships, in the order of the table."""
    from gpuspec.catalog.shipped import read_api_prices as text

    return read_api_prices(text())


LARGEST = 1 << 20
"""Bytes of a file of one's own."""


def prices_with(path: str | None) -> tuple[ApiPrice, ...]:
    """The rows of a file of one's own, and those that ship but for the same models of the same providers. UserError
    for a file that is no such table."""
    if path is None:
        return api_prices()
    from gpuspec.errors import UserError
    from gpuspec.untrusted_file import in_words, read_file

    try:
        own = read_api_prices(read_file(path, LARGEST).decode("utf-8-sig"))
    except OSError as error:
        raise UserError("unreadable-file", f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        hint = f"a line a model, cells by tabs, under a head line with these: {', '.join(COLUMNS)}"
        raise UserError("bad-api-prices", f"{path}: {in_words(error)}", hint) from None
    taken = {(row.provider, row.model) for row in own}
    return (*own, *(row for row in api_prices() if (row.provider, row.model) not in taken))


def weighed_against(params_b: float, rows: tuple[ApiPrice, ...]) -> ApiPrice | None:
    """The API model that is weighed against an open one of this size; None above all of them."""
    weighed = sorted((row.weighed_up_to_b, row) for row in rows if row.weighed_up_to_b)
    return next((row for most, row in weighed if params_b <= most), None)


def hosted(rows: tuple[ApiPrice, ...], *names: str | None) -> tuple[ApiPrice, ...]:
    """Who hosts an open model that goes by one of these names. A model's instructed version is the same size and
    price: "-Instruct", "-it" and "-chat" make no difference."""
    wanted = {_base(name) for name in names if name}
    return tuple(row for row in rows if row.hosts and _base(row.hosts) in wanted)


def _base(name: str) -> str:
    return re.sub(r"-(instruct|it|chat)(?=-|$)", "", _short(name).lower())


def opposite(
    rows: tuple[ApiPrice, ...], request: tuple[float, float], params_b: float | None, *names: str | None
) -> ApiPrice | None:
    """What a model that goes by these names is compared with: who hosts it cheapest at the tokens (in, out) of a
    request, else what is weighed against one of its size; None where there is neither."""
    cheapest = min(hosted(rows, *names), key=lambda row: row.per_request(*request), default=None)
    return cheapest or (weighed_against(params_b, rows) if params_b else None)


def named(name: str, rows: tuple[ApiPrice, ...]) -> tuple[ApiPrice, ...]:
    """The rows that a name stands for: of the model ("gpt-4o"), with its provider before it ("groq/…", "OpenAI
    gpt-4o"), or of the open model that answers. In any case of letters."""
    wanted = _key(name)
    return tuple(
        row
        for row in rows
        if wanted in map(_key, (row.model, row.name, f"{row.provider}/{row.hosts}", row.hosts or row.model))
        or (row.hosts and wanted in (_key(_short(row.hosts)), _key(f"{row.provider}/{_short(row.hosts)}")))
    )


def _key(name: str) -> str:
    return name.strip().lower().replace(" ", "/")


def _short(model: str) -> str:
    """Llama-3.1-8B-Instruct of meta-llama/Llama-3.1-8B-Instruct."""
    return model.rpartition("/")[2]
