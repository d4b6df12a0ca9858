"""GS701: what is a secret and what only looks like one; and that no report, message or fix shows the value."""

from __future__ import annotations

import gc
import json
import random
import string
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from gpuspec.cli.main import main
from gpuspec.lint import Edit, Facts, Finding, Fix, Related, Rule, secrets
from gpuspec.lint.deferred import loaded
from gpuspec.lint.fixing import difference
from gpuspec.lint.result import Report, place
from gpuspec.lint.secrets import masked
from gpuspec.report import FORMATS, render
from gpuspec.rules import collect
from gpuspec.rules.safety.inline_secret import InlineSecret
from gpuspec.testing import RuleTester, lint_text
from gpuspec.text import Span, Tree, parse
from tests.operations import growth, lines_run

LETTERS = string.ascii_letters + string.digits
draw = random.Random(11)


def drawn(length: int, alphabet: str = LETTERS) -> str:
    """Made here, so that no file of ours holds what a scanner takes for a secret."""
    return "".join(draw.choice(alphabet) for _ in range(length - 3)) + "7q2"


SECRETS = {
    "hugging face": "hf_" + drawn(34),
    "openai": "sk-" + drawn(48),
    "openai project": "sk-proj-" + drawn(60),
    "anthropic": "sk-ant-api03-" + drawn(80),
    "aws": "AKIA" + drawn(16, string.ascii_uppercase)[:13] + "QX7",
    "github": "ghp_" + drawn(36),
    "github fine": "github_pat_" + drawn(60),
    "gitlab": "glpat-" + drawn(20),
    "slack": "xoxb-" + drawn(40),
    "google": "AIza" + drawn(35),
    "replicate": "r8_" + drawn(37),
    "nvidia": "nvapi-" + drawn(64),
    "runpod": "rpa_" + drawn(40),
    "groq": "gsk_" + drawn(52),
    "private key": "-----BEGIN OPENSSH PRIVATE KEY-----" + drawn(60),
    "slack webhook": f"hooks.slack.com/services/T{drawn(9).upper()}/B{drawn(9).upper()}/{drawn(24)}",
}


def spec(**fields: object) -> str:
    return json.dumps(
        {"gpu_types": ["RTX 4090"], "keep_alive_minutes": 3, "run": "python a.py", **fields}, indent=2
    )


@pytest.mark.parametrize("value", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("where", ["env", "run", "setup", "steps"])
def test_never_shown(value: str, where: str) -> None:
    fields: dict[str, dict[str, object]] = {
        "env": {"env": {"SETTING": value}},
        "run": {"run": f"login --with '{value}' && python a.py"},
        "setup": {"setup": ["true", f"echo '{value}' > f"]},
        "steps": {"setup": [{"run": f"echo '{value}' > f", "once": True}]},
    }
    text = spec(**fields[where])
    rules = [type(loaded(entry.rule)) for entry in collect().rules]
    found = lint_text(text, rules, prices="seed-2025")
    assert "GS701" in {one.finding.code for one in found}
    assert value[:25] not in repr([one._replace(finding=one.finding._replace(fix=None)) for one in found])
    titles = [one.finding.fix.title for one in found if one.finding.fix]
    assert not any(value[:12] in title for title in titles)
    report = Report(("job.gpu.jsonc",), tuple(found))
    for name in FORMATS:
        assert value[8:30] not in render(name, report), f"shown by {name}"


def test_a_token_typed_along_the_alphabet_is_one_all_the_same() -> None:
    for value in ("hf_" + string.ascii_letters[:34], "hf_" + string.ascii_lowercase + "0123456789"):
        found = lint_text(spec(env={"HF_TOKEN": value}), [InlineSecret])
        assert [one.finding.code for one in found] == ["GS701"], value


def test_a_value_is_known_by_its_name() -> None:
    hexes = drawn(40, "0123456789abcdef")[:37] + "a7b"
    for text in (
        spec(env={"WANDB_API_KEY": hexes}),
        spec(env={"wandb_api_key": hexes}),
        spec(run=f"WANDB_API_KEY={hexes} python a.py"),
        spec(run=f"wandb login --api-key {hexes}"),
        spec(serverless={"gpu_type": "NVIDIA L4", "runpod": {"env": {"AWS_SECRET_ACCESS_KEY": hexes}}}),
    ):
        (found,) = lint_text(text, [InlineSecret])
        assert found.finding.confidence == "medium"
        assert hexes not in found.place.text
        assert hexes not in found.finding.message


HEXES = drawn(40, "0123456789abcdef")[:37] + "a7b"
TOKEN = "hf_" + drawn(34)
AWS = drawn(18) + "/" + drawn(21)


def by_number(text: str) -> str:
    return "".join(f"\\u{ord(char):04x}" for char in text)


@pytest.mark.parametrize(
    ("key", "fields"),
    [
        (HEXES, f'"run": "set -e\\nWANDB_API_KEY={HEXES} python t.py"'),
        (HEXES, f'"run": "set -e\\tWANDB_API_KEY={HEXES} python t.py"'),
        (HEXES, f'"run": "printf \'a\\\\nWANDB_API_KEY={HEXES}\' >.env"'),
        (HEXES, f'"env": {{"{by_number("WANDB_API_KEY")}": "{HEXES}"}}'),
        (TOKEN, f'"run": "cat >f <<E\\n{TOKEN}\\nE"'),
        (TOKEN[1:], f'"env": {{"T": "{by_number("h")}{TOKEN[1:]}"}}'),
        (by_number(TOKEN), f'"env": {{"T": "{by_number(TOKEN)}"}}'),
        (AWS.replace("/", "\\/"), '"env": {{"AWS_SECRET_ACCESS_KEY": "{}"}}'.format(AWS.replace("/", "\\/"))),
        ("hunter2-Zq", '"run": "pip install --index-url https://bob:hunter2-Zq@pypi.example.com/simple x"'),
        ("Pw9TopSecret", '"run": "curl https://bob:Pw9TopSecret@example.com/m.bin"'),
        ("hunter2-Zq", '"env": {"DSN": "postgres:\\/\\/bob:hunter2-Zq@db.example.com\\/x"}'),
        (
            "hunter2-Zq",
            '"downloads": [{"strategy": "https", "target": "m",'
            ' "source": "https://bob:hunter2-Zq@example.com/m.bin?token=abcd"}]',
        ),
        (HEXES, f'"setup": "curl -O https://civitai.com/api/download/models/1?token={HEXES}"'),
    ],
)
def test_a_key_is_seen_and_hidden_however_the_file_writes_it(key: str, fields: str) -> None:
    text = f'{{"gpu_types": ["RTX 4090"], {fields}}}'
    rules = [type(loaded(entry.rule)) for entry in collect().rules]
    found = lint_text(text, rules, prices="seed-2025")
    assert "GS701" in {one.finding.code for one in found}
    report = Report(("job.gpu.jsonc",), tuple(found))
    for name in FORMATS:
        assert key not in render(name, report), f"shown by {name}"
    shown = masked(text)
    assert key not in shown
    assert len(shown) == len(text)
    assert shown.startswith('{"gpu_types": ["RTX 4090"], ')
    assert shown.endswith("}")


class Quotes(Rule):
    """A rule that quotes what stands in the file wherever it speaks."""

    code = "ACME1"
    name = "acme-quotes"
    severity = "warning"

    def check(self, facts: Facts) -> Iterator[Finding]:
        text = facts.job.env["A"]
        fix = Fix(f"remove {text}", (Edit("remove", "/env/A"),), safe=True)
        yield self.finding("/env/A", text, suggestion=f"not {text}", fix=fix, related=[Related("/env", text)])


def test_whatever_a_rule_says_of_a_key_is_hidden() -> None:
    (found,) = lint_text(spec(env={"A": TOKEN}), [Quotes])
    hidden, fix = "*" * len(TOKEN), found.finding.fix
    assert (found.finding.message, found.finding.suggestion) == (hidden, f"not {hidden}")
    assert fix is not None
    assert fix.title == f"remove {hidden}"
    assert [message for _, message in found.related] == [hidden]


def test_in_an_address_user_password_and_keys_are_hidden() -> None:
    text = "get https://bob:pw@localhost/a?x=long&token=abcd&X-Amz-Signature=0123#part and ssh://git@github.com/x"
    shown = "get https://******@localhost/a?x=long&token=****&X-Amz-Signature=****#part and ssh://git@github.com/x"
    assert masked(text) == shown
    assert masked("https://u:$PW@h/?token=${T}&a=1") == "https://u:$PW@h/?token=${T}&a=1"


SIGNATURE = "4f2e9c1ab8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3"


@pytest.mark.parametrize(
    "address",
    [
        # docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html, and the older form
        f"https://b.s3.amazonaws.com/m?X-Amz-Credential=AK%2Fs3%2Faws4_request&X-Amz-Signature={SIGNATURE}",
        f"https://b.s3.amazonaws.com/m?AWSAccessKeyId=AK&Expires=1&Signature={SIGNATURE}%3D",
        # cloud.google.com/storage/docs/authentication/signatures; learn.microsoft.com, SAS; CloudFront; Akamai
        f"https://storage.googleapis.com/b/m?X-Goog-Signature={SIGNATURE}",
        f"https://a.blob.core.windows.net/c/m?sv=2024-11-04&sp=r&sig={SIGNATURE}%2B%3D&se=2027-01-01",
        f"https://d1.cloudfront.net/m?Policy=eyJT&Signature=a~{SIGNATURE}__&Key-Pair-Id=K1",
        f"https://h.akamaized.net/m?hdnea=exp=1~acl=/*~hmac={SIGNATURE}",
        f"https://h/m?token={SIGNATURE}",
        f"https://h/m?a=b&amp;token={SIGNATURE}",
        f"https://h/m#access_token={SIGNATURE}",
        f"https://h/m?url=https%3A%2F%2Fb%2Fm%3FX-Amz-Date%3D1%26X-Amz-Signature%3D{SIGNATURE}",
        f"$BUCKET/m?X-Amz-Signature={SIGNATURE}",
        f"${{BUCKET}}/m?sv=1&sig={SIGNATURE}",
        f"m.bin?sig={SIGNATURE}",
    ],
)
def test_what_signs_an_address_is_hidden_wherever_it_is_shown(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.gpu.jsonc"
    path.write_text(
        '{"gpu_types": ["RTX 4090"], "keep_alive_minutes": 3, "budget": {"max_hours": 1}, "workdir": 1,\n'
        f'"downloads": [{{"strategy": "http", "source": "{address}", "nonsense": "{address}"}}], '
        f'"run": "curl {address}"}}'
    )
    for format_ in FORMATS:
        assert main(["lint", str(path), "--isolated", "--pedantic", "--format", format_]) == 1
        shown = capsys.readouterr()
        assert "GS003" in shown.out
        assert SIGNATURE not in shown.out + shown.err
    main(["show", str(path)])
    main(["run", "--dry-run", "--on", "local", "--allow-no-gpu", str(path)])
    shown = capsys.readouterr()
    assert SIGNATURE not in shown.out + shown.err


def test_what_is_no_address_stays() -> None:
    for text in (
        "python x.py --key=abcdef && echo a=bcde",
        "a ? b & key = abcd",
        "https://h/m?page=abcd&q=1",
    ):
        assert masked(text) == text


@pytest.mark.parametrize(
    "fields",
    [
        {"env": {"DSN": "postgres://postgres:postgres@db/x", "R": "redis://:devpass1@localhost:6379"}},
        {"run": "git clone https://oauth2:$TOKEN@github.com/a/b && curl https://u:${PW}@h.example.com"},
        {"run": "git clone ssh://git@github.com/a/b; curl https://user:password@example.com/x?key=value"},
        {"env": {"HF_TOKEN": "${HF_TOKEN}"}},
        {"env": {"HF_TOKEN": "<your token>"}},
        {"env": {"HF_TOKEN": "hf_" + "x" * 34}},
        {"env": {"HF_TOKEN": "hf_YourTokenGoesInThisPlaceInstead1234567"}},
        {"env": {"OPENAI_API_KEY": "EMPTY"}},
        {"env": {"OPENAI_API_KEY": "sk-no-key-required-for-local-servers-at-all"}},
        {"env": {"PAD_TOKEN": "<|endoftext|>", "MAX_TOKENS": "40960", "TOKEN_BUDGET": "1000000"}},
        {"env": {"SSH_PRIVATE_KEY": "/root/.ssh/id_ed25519_20240501"}},
        {"env": {"COMMIT": "d149729398750b98c0af14eb82c78cfe92750796"}},
        {"run": "git checkout d149729398750b98c0af14eb82c78cfe92750796"},
        {
            "run": "python a.py --token $HF_TOKEN --key-file key.pem --tokenizer Qwen/Qwen2.5-7B-Instruct-20240919"
        },
        {"run": "export HF_TOKEN=$(cat /run/secrets/hf_token)"},
        {"run": "vllm serve Qwen/Qwen2.5-7B --api-key local-only"},
        {"run": "python a.py --secret correct-horse-battery-staple-and-more"},
    ],
    ids=lambda fields: json.dumps(fields)[:60],
)
def test_looks_like_one_and_is_none(fields: dict[str, object]) -> None:
    assert lint_text(spec(**fields), [InlineSecret]) == []


def test_the_fix_moves_the_name_and_drops_the_value() -> None:
    token = "hf_" + drawn(34)
    text = f'''{{
  "gpu_types": ["RTX 4090"], // kept
  "env": {{ "HF_TOKEN": "{token}", "B": "1" }},
  "secrets": ["OTHER"],
  "run": "python a.py"
}}'''
    after = RuleTester(InlineSecret).fix(text)
    assert token not in after
    assert "// kept" in after
    assert parse(after).value["env"] == {"B": "1"}
    assert parse(after).value["secrets"] == ["OTHER", "HF_TOKEN"]


def test_the_fix_does_not_name_it_twice() -> None:
    after = RuleTester(InlineSecret).fix(spec(env={"HF_TOKEN": "hf_" + drawn(34)}, secrets=["HF_TOKEN"]))
    assert parse(after).value["secrets"] == ["HF_TOKEN"]
    assert "env" not in parse(after).value


def test_masking_keeps_columns() -> None:
    line = f'  "A": "hf_{drawn(34)}", // x'
    assert len(masked(line)) == len(line)
    assert masked(line).endswith('", // x')
    assert masked("no secrets, only weights and tokens") == "no secrets, only weights and tokens"


PEM = ("-----BEGIN RSA PRIVATE KEY-----", drawn(60), drawn(60), "-----END RSA PRIVATE KEY-----")


def test_a_key_of_several_lines_is_masked_up_to_its_end() -> None:
    text = "\n".join(["envs:", *PEM, "run: python train.py"])
    assert masked(text).split("\n") == ["envs:", *("*" * len(line) for line in PEM), "run: python train.py"]


def test_a_line_in_the_middle_of_a_key_is_not_shown() -> None:
    """A here-document in a script: the finding on its last line shows that line alone."""
    text = "\ufeff# x\n" + "\n".join(PEM)
    tree = parse(text)
    at = text.index(PEM[2])
    assert place(tree, Span(at, at + 4)).text == "*" * 60
    assert place(tree, Span(1, 2)).text == "# x"


def test_a_diff_shows_no_value_that_a_fix_removes() -> None:
    token = "hf_" + drawn(34)
    shown = difference("a", f'{{"HF_TOKEN": "{token}"}}\n'.encode(), b"{}\n")
    assert shown == f'--- a\n+++ a\n@@ -1 +1 @@\n-{{"HF_TOKEN": "{"*" * 37}"}}\n+{{}}\n'


def test_a_diff_in_a_file_is_exact_and_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A patch has to match the line in which the key stands."""
    monkeypatch.chdir(tmp_path)
    token = "hf_" + drawn(34)
    before = f'\ufeff{{"gpu_types": ["A100"], "env": {{"HF_TOKEN": "{token}"}}, "run": "true\u2028"}}\n'
    Path("a.job.jsonc").write_bytes(before.encode())
    asked = ["lint", "--select", "GS701", "--unsafe-fixes", "--diff", "a.job.jsonc"]
    assert main(asked) == 1
    assert token not in capsys.readouterr().out
    assert main([*asked, "--output", "a.patch"]) == 1
    assert "a.patch holds the keys that the fixes remove" in capsys.readouterr().err
    patch = Path("a.patch").read_bytes().decode()
    assert patch.split("\n")[3] + "\n" == "-" + before
    assert Path("a.patch").stat().st_mode & 0o777 == 0o600


def test_only_the_last_file_is_kept_for_its_lines() -> None:
    for number in range(8):
        place(parse(f"// kept {number}\n{{}}"), Span(0, 1))
    gc.collect()
    kept = [each for each in gc.get_objects() if isinstance(each, Tree) and each.text.startswith("// kept")]
    assert len(kept) <= 1


@pytest.mark.parametrize("piece", [r"a\n", r"\"", r"\\q", r"\ud83d\ude00", r"\u2603", r"\x41.", r"a\v"])
def test_a_key_among_many_escapes_is_masked_where_it_stands(piece: str) -> None:
    """Each escape was a turn of a loop: a spec of a million lines took 2 s."""
    before, behind = piece * 20_000 + r"\n\t", r"\"" + piece * 20_000
    hidden = "*" * len(SECRETS["hugging face"])
    shown = ""

    def work() -> None:
        nonlocal shown
        shown = masked(before + SECRETS["hugging face"] + behind)

    masked(f"{piece} {SECRETS['hugging face']}")  # what is compiled at first use
    lines = lines_run(work)
    assert shown == before + hidden + behind
    assert lines < 10_000 or piece.startswith(r"\x")


@pytest.mark.parametrize("start", [r"hf_", r"h\u0066_", r"\x68f_", r"h\f_", r"\hf_", r"h\\u0066_"])
def test_a_key_is_found_whatever_escapes_it_is_written_with(start: str) -> None:
    key = drawn(34)
    assert (key in masked(rf"echo \n {start}{key}")) == (start == r"h\f_")  # a form feed is no letter


def test_a_text_whose_escapes_hide_no_letter_is_not_read_another_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each reading of 8 MB of commands took 0.1 s, and looking for 30 words in it another 0.2 s."""

    def read(text: str) -> None:
        raise AssertionError(f"{text[:20]} is read again")

    monkeypatch.setattr(secrets, "_with_escapes", read)
    text = r"python x.py \"a\" \\n\t\r\n" * 1_000
    assert masked(text) == text


def test_a_word_is_looked_for_where_its_letters_are() -> None:
    class Text(str):
        asked: ClassVar[list[str]] = []

        def __contains__(self, word: str) -> bool:
            self.asked.append(word)
            return super().__contains__(word)

    assert not secrets.may_hold(Text("echo hello\n" * 10_000))
    assert {word for word in Text.asked if len(word) > 1} == set()
    assert secrets.may_hold(Text("echo hello\n" * 10_000 + "hf_"))


def test_a_text_of_very_many_keys_is_masked_whole() -> None:
    line = f"export A=hf_{drawn(34)}\r\n"
    few, many = masked(line * 10_000), masked(line * 10_001)
    assert few == f"export A={'*' * 37}\r\n" * 10_000
    assert many == ("*" * (len(line) - 2) + "\r\n") * 10_001


@pytest.mark.parametrize(
    "text",
    [
        "  WANDB_API_KEY: {}\n",
        "env: {{name: X, wandb_api_key: '{}'}}\n",
        '- name: AWS_SECRET_ACCESS_KEY\n  value: "{}"\n',
        "env: [{{name: HF_TOKEN, value: {}}}]\n",
        'args: [--model, a/b, "--api-key", "{}"]\n',
        "args:\n- --api-key\n- {}\n",
        "environment:\n- OPENAI_API_KEY=${{OPENAI_API_KEY:-{}}}\n",
    ],
)
def test_keys_are_masked_as_yaml_writes_them(text: str) -> None:
    value = "8f3a1c9e5b7d2046a8e1f0c3b5d79e2467a1c8f0"
    assert masked(text.format(value)) == text.format("*" * len(value))
    assert masked(text.format("$KEY")) == text.format("$KEY")


def test_a_file_of_many_jobs_is_searched_for_keys_once() -> None:
    job = "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{}}}\nspec:\n  containers:\n  - name: c\n"
    job += "    env: [{{name: A, value: hf_abcdEFGHijklMNOPqrstUVWXyz012345{}}}]\n"
    job += "    resources: {{limits: {{nvidia.com/gpu: 1}}}}\n---\n"

    def searched(jobs: int) -> None:
        text = "".join(job.format(number, 10_000 + number) for number in range(jobs))
        assert len(lint_text(text, [InlineSecret], path="pods.yaml")) == jobs

    assert growth(searched, 10) < 2.5
