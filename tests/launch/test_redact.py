"""What is masked of a secret in a log, with the tools that write it there."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import urllib.parse
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gpuspec.launch import Redactor

BODY = [
    base64.b64encode(bytes((row * 48 + at * 7 + row) % 256 for at in range(48))).decode() for row in range(26)
]
PEM = "\n".join(
    ["-----BEGIN PRIVATE KEY-----", *BODY, "c2hvcnQgbGFzdCBsaW5l", "-----END PRIVATE KEY-----", ""]
)
ACCOUNT = {
    "type": "service_account",
    "private_key_id": "0f1e2d3c4b5a69788796a5b4c3d2e1f0aabbccdd",
    "private_key": PEM,
    "client_email": "trainer@example.iam.gserviceaccount.com",
}
CODED = "p4ss w'rd\"$(id)`x`\\n!{a,b}*?[z]~#&<>|;=%+/é\t€"


def masked(secret: str, log: bytes, step: int = 1 << 16) -> bytes:
    """The log as it is written when it comes in blocks of `step` bytes."""
    redactor = Redactor([secret])
    blocks = [redactor.feed(log[at : at + step]) for at in range(0, len(log), step)]
    return b"".join([*blocks, redactor.rest()])


def bash(script: str, secret: str) -> bytes:
    """What bash prints."""
    environment = {"SECRET": secret, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        ["bash", "-c", script], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True
    ).stdout


def by_number(quoted: str, signs: str) -> str:
    return "".join(f"\\u{ord(char):04x}" if char in signs else char for char in quoted)


WRITERS: dict[str, Callable[[str], bytes]] = {
    "as it is": lambda secret: secret.encode(),
    "JSON": lambda secret: json.dumps({"key": secret}).encode(),
    "JSON in UTF-8": lambda secret: json.dumps([secret], ensure_ascii=False).encode(),
    "JSON in JSON": lambda secret: json.dumps(json.dumps({"key": secret})).encode(),
    "repr": lambda secret: repr({"key": secret}).encode(),
    "repr of bytes": lambda secret: repr(secret.encode()).encode(),
    "address": lambda secret: ("https://x/?key=" + urllib.parse.quote(secret, safe="")).encode(),
    "path": lambda secret: ("https://x/" + urllib.parse.quote(secret)).encode(),
    "form": lambda secret: urllib.parse.urlencode({"key": secret}).encode(),
    "set -x": lambda secret: bash('set -x; : "$SECRET"', secret),
    "printf %q": lambda secret: bash('printf "%q\\n" "$SECRET"', secret),
    "${…@Q}": lambda secret: bash('echo "${SECRET@Q}"', secret),
    "declare -p": lambda secret: bash("declare -p SECRET", secret),
    "PHP": lambda secret: json.dumps(secret).replace("/", "\\/").encode(),
    "Go": lambda secret: by_number(json.dumps(secret, ensure_ascii=False), "&<>").encode(),
    ".NET": lambda secret: re.sub(
        r"(?<=\\u)[0-9a-f]{4}",
        lambda code: code[0].upper(),
        by_number(json.dumps(secret), "&'<>+`").replace('\\"', "\\u0022"),
    ).encode(),
    "ascii": lambda secret: ascii([secret]).encode(),
    "backslashreplace": lambda secret: secret.encode("ascii", "backslashreplace"),
    "printf %q in C": lambda secret: bash('LC_ALL=C; printf "%q\\n" "$SECRET"', secret),
    "declare -p in C": lambda secret: bash("LC_ALL=C; declare -p SECRET", secret),
    "set -x in C": lambda secret: bash('LC_ALL=C; set -x; : "$SECRET"', secret),
    "base64": lambda secret: bash('printf %s "$SECRET" | base64', secret),
    "base64 -w0": lambda secret: bash('printf %s "$SECRET" | base64 -w0', secret),
    "base64 one later": lambda secret: base64.b64encode(b"u" + secret.encode() + b"tail"),
    "base64 two later": lambda secret: base64.b64encode(b"u:" + secret.encode() + b"tail"),
    "base64 for addresses": lambda secret: base64.urlsafe_b64encode(b"user:" + secret.encode()),
}


def pieces(text: bytes, size: int) -> set[bytes]:
    return {text[at : at + size] for at in range(len(text) - size + 1)}


@pytest.mark.parametrize("step", [1 << 16, 7])
@pytest.mark.parametrize("secret", ["hf_aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dF3h", CODED, PEM, json.dumps(ACCOUNT)])
@pytest.mark.parametrize("writer", WRITERS)
def test_a_secret_is_masked_however_it_is_written(writer: str, secret: str, step: int) -> None:
    written = b"before " + WRITERS[writer](secret) + b" after"
    shown = masked(secret, written, step)
    assert b"***" in shown
    assert shown.startswith(b"before ")
    assert shown.endswith(b" after")
    told = pieces(shown, 12) & (pieces(written, 12) - pieces(b"before *** after https://x/?key=", 12))
    words = b'{"key": "\\"private_key_id\\": \\"type client_email -----BEGIN PRIVATE KEY-----'
    assert not [piece for piece in told if b" " not in piece and piece not in pieces(words, 12)]


@pytest.mark.parametrize(
    "secret", [PEM, PEM.replace("\n", "\r\n"), PEM.replace("\n", "\\n"), json.dumps(ACCOUNT)]
)
def test_a_line_of_a_key_is_masked_where_it_stands_alone(secret: str) -> None:
    log = "".join(f"(worker pid=7)   {line}\n" for line in PEM.split("\n"))
    shown = masked(secret, log.encode()).decode()
    assert shown.count("***") >= len(BODY) + 1
    assert not [line for line in [*BODY, "c2hvcnQgbGFzdCBsaW5l"] if line in shown]


def test_the_keys_of_a_file_are_masked_one_by_one() -> None:
    values = {"WANDB": "8f3a1c9e5b7d2046a8e1f0c3b5d79e2467a1c8f0", "AWS": "wJa1rXUtnF3MI/K7MDENG+bPxRfi"}
    dotenv = "".join(f"{name}_KEY={value}\n" for name, value in values.items()) + "MODE=production\n"
    for secret in (dotenv, json.dumps(values), json.dumps(values, indent=2), json.dumps([{"deep": values}])):
        for value in values.values():
            assert masked(secret, f"key: {value}.".encode()) == b"key: ***."


def test_what_was_between_words_and_keys_is_masked() -> None:
    lines = ("alice", "hunter2", "CorrectHorseBat", "735291648203", "AQIDeno=", "tr0ub4dor", "p-a-s-s-1")
    secret = "\n".join(lines)
    assert masked(secret, ", ".join(lines).encode()) == b"alice" + b", ***" * 6
    assert masked(" spaceWrapped88 ", b"pw=spaceWrapped88;") == b"pw=***;"


@pytest.mark.parametrize("name", ["password", "db_passwd", "API_KEY", "token", "clientSecret"])
def test_what_json_calls_a_secret_is_masked_whatever_it_looks_like(name: str) -> None:
    for document in (
        {name: "hunter2-secret"},
        {"users": [{name: ["hunter2-secret"]}]},
        {name: {"a": "hunter2-secret"}},
    ):
        assert masked(json.dumps(document), b"it is hunter2-secret.") == b"it is ***."
    kept = {f"{name}_url": "https://x", "debug": "plainly", name: True}
    assert masked(json.dumps(kept), b"https://x plainly true") == b"https://x plainly true"
    assert masked(f"DEBUG=1\n{name}: swordfish\n", b"swordfish 1") == b"*** 1"


@pytest.mark.parametrize("step", [1, 3, 5, 100])
def test_of_values_that_overlap_all_is_masked(step: int) -> None:
    redactor = Redactor(["abcdefgh", "efghijkl", "jklmnop"])
    log = b"1 abcdefghijkl 2 abcdefghijklmnop 3 abcdefghij 4 efgh"
    shown = b"".join(redactor.feed(log[at : at + step]) for at in range(0, len(log), step)) + redactor.rest()
    assert shown == b"1 *** 2 *** 3 ***ij 4 efgh"


def test_half_of_a_character_is_no_crash() -> None:
    assert masked('{"password": "abcd\\ud800"}', b'"abcd\\ud800" x') == b'"***" x'
    assert Redactor(["abcdefgh"]).masked("a\ud800 abcdefgh").endswith(" ***")


def test_ordinary_words_stay() -> None:
    words = "yes no production user name: 5 v1 https://accounts.google.com/o/oauth2/auth service_account\n"
    account = json.dumps({**ACCOUNT, "auth_uri": "https://accounts.google.com/o/oauth2/auth"}, indent=1)
    words += "true default True DEFAULT us-east-1a gpt2 level info: trainer\n"
    plain = "yes\nno\nproduction\nuser\nname: 5\nv1\ntrue\ndefault\nTrue\nDEFAULT\ngpt2\ninfo:\ntrainer"
    for secret in (plain, account, "abc", "yes"):
        assert masked(secret, words.encode()) == words.encode()
    assert masked("yes", b"yes") == b"yes"
    assert masked("true", base64.b64encode(b"true") + b" truth") == base64.b64encode(b"true") + b" truth"


def test_a_value_that_is_no_text_is_masked() -> None:
    assert masked("key\udcff\udcfe-5f0c", b"a key\xff\xfe-5f0c b") == b"a *** b"


@given(st.text(min_size=4, max_size=40), st.integers(1, 9), st.sampled_from(sorted(WRITERS)[:6]))
@example("\\'\"\n", 1, "JSON")
def test_blocks_of_any_size_give_the_same(secret: str, step: int, writer: str) -> None:
    if "\0" in secret or not secret.isprintable():
        secret = secret.encode("unicode_escape").decode()
    log = b"x " + secret.encode() * 2 + b" y " + json.dumps(secret).encode()
    assert masked(secret, log, step) == masked(secret, log)
    assert b"".join(masked(secret, log).split(b"***")).count(secret.encode()) == 0


def test_a_long_value_costs_little() -> None:
    """131,071 bytes are the most that Linux takes for one variable: its lines, forms and a log that is full of what
    nearly begins one are looked at once, so that twice the log takes twice the steps."""
    lines = "\n".join(BODY * 75)
    secret = lines[:131_071]
    log = lines.encode().replace(b"A", b"B") * 2
    steps = []
    for times in (1, 2):
        redactor, count = Redactor([secret]), 0

        def counted(*_: object) -> None:
            nonlocal count
            count += 1

        sys.setprofile(counted)
        try:
            redactor.feed(log * times)
        finally:
            sys.setprofile(None)
        steps.append(count)
    assert steps[1] < 2.2 * steps[0]
    assert masked(secret, secret.encode()).replace(b"***", b"").strip() == b""
