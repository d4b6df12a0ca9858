"""The table of API prices: what ships, names that stand for its rows, and a table that is wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gpuspec.catalog.api_prices import (
    COLUMNS,
    ApiPrice,
    api_prices,
    hosted,
    named,
    opposite,
    prices_with,
    read_api_prices,
    weighed_against,
)
from gpuspec.errors import UserError


def test_every_row_is_dated_and_has_a_source() -> None:
    rows = api_prices()
    assert len(rows) >= 80
    assert len({(row.provider, row.model) for row in rows}) == len(rows)
    for row in rows:
        date.fromisoformat(row.as_of)
        assert row.source.startswith("https://"), row
        assert 0 < row.per_million_input <= row.per_million_output, row
        assert row.per_million_cached is None or row.per_million_cached <= row.per_million_input, row
        assert row.batch_discount is None or 0 < row.batch_discount < 1, row
    providers = {row.provider for row in rows}
    assert {
        "OpenAI",
        "Anthropic",
        "Google",
        "Mistral",
        "DeepSeek",
        "Together",
        "Groq",
        "DeepInfra",
    } <= providers


def test_two_prices_that_their_pages_say() -> None:
    """OpenAI's page in November 2026: gpt-4o $2.50 in, $1.25 cached, $10 out; 800 and 300 tokens of gpt-4o-mini are
    $0.0003."""
    (row,) = named("GPT-4o", api_prices())
    assert (row.per_million_input, row.per_million_cached, row.per_million_output) == (2.5, 1.25, 10)
    mini = weighed_against(8.0, api_prices())
    assert mini
    assert mini.name == "OpenAI gpt-4o-mini"
    assert mini.per_request(800, 300) == pytest.approx(0.0003)
    large = weighed_against(70.0, api_prices())
    assert large
    assert large.model == "gpt-4o"
    assert weighed_against(405.0, api_prices()) is None


@pytest.mark.parametrize(
    ("name", "providers"),
    [
        ("openai/gpt-4o", {"OpenAI"}),
        ("groq/Qwen3.8-27B", {"Groq"}),
        ("meta-llama/Llama-3.1-8B-Instruct", {"Amazon Bedrock", "DeepInfra", "Fireworks", "Nebius"}),
        ("llama-3.1-8b-instruct", {"Amazon Bedrock", "DeepInfra", "Fireworks", "Nebius"}),
        ("amazon bedrock/llama-3.1-8b-instruct", {"Amazon Bedrock"}),
        ("llama", set()),
    ],
)
def test_names(name: str, providers: set[str]) -> None:
    assert {row.provider for row in named(name, api_prices())} == providers


def test_who_hosts_a_model_by_any_of_its_names() -> None:
    assert {row.hosts for row in hosted(api_prices(), "Llama-3.1-8B")} == {"meta-llama/Llama-3.1-8B-Instruct"}
    assert hosted(api_prices(), "Qwen/Qwen2.5-14B-Instruct-AWQ", "Qwen2.5-14B")[0].provider == "Together"
    assert hosted(api_prices(), "my-own", None) == ()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "line 1: no column model, input, output"),
        ("model\tinput\toutput\nm\t1\t", "line 2: model, input and output must be there"),
        ("model\tinput\toutput\n\t1\t2", "line 2: model, input and output must be there"),
        ("input\toutput\tmodel\n1\t2", "line 2: model, input and output must be there"),
        ("model\tinput\toutput\nm\t-1\t2", "line 2: input is '-1', no price"),
        ("model\tinput\toutput\nm\tnan\t2", "line 2: input is 'nan', no price"),
        ("model\tinput\toutput\nm\t1e9\t2", "line 2: input is '1e9', no price"),
    ],
)
def test_a_table_that_is_wrong(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        read_api_prices(text)


def test_columns_may_be_left_out() -> None:
    (row,) = read_api_prices("model\tinput\toutput\n# a comment\nmine\t1\t2\n")
    assert row == ApiPrice("", "mine", "", 1, None, 2, None, None, "", "")
    assert len(COLUMNS) == len(ApiPrice._fields)


def test_prices_of_one_s_own_come_before_those_that_ship(tmp_path: Path) -> None:
    path = tmp_path / "apis.tsv"
    path.write_text(
        "provider\tmodel\thosts\tinput\toutput\nOpenAI\tgpt-4o\t\t2\t8\nus\tx\tLlama-3.1-8B\t0.01\t0.01\n"
    )
    rows = prices_with(str(path))
    assert [row.per_million_input for row in named("gpt-4o", rows)] == [2]
    assert len(rows) == len(api_prices()) + 1
    cheapest = opposite(rows, (800, 300), 8.0, "meta-llama/Llama-3.1-8B-Instruct")
    assert cheapest
    assert cheapest.name == "us x"
    path.write_text("model,input,output\n")
    with pytest.raises(UserError) as wrong:
        prices_with(str(path))
    assert wrong.value.code == "bad-api-prices"
    with pytest.raises(UserError) as wrong:
        prices_with(str(tmp_path / "none.tsv"))
    assert wrong.value.code == "unreadable-file"
