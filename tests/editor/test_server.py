"""`gpuspec lsp` through a client of its own (pytest-lsp), over pipes as editors do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from lsprotocol import types as lsp
from waiting import PATIENCE

from .conftest import Editor
from .wire import framed, unframed

pytestmark = pytest.mark.asyncio(loop_scope="module")

TWICE = '{\n  "run": "python x.py",\n  "run": "python y.py"\n}\n'
OLD = '{\n  "gpu_type": "RTX 4090",\n  "run": "python x.py"\n}\n'


def edited(text: str, edit: lsp.TextEdit) -> str:
    """A text after an edit; for ASCII texts, where a unit is a character."""
    lines = text.splitlines(keepends=True)
    start, end = (
        sum(map(len, lines[: place.line])) + place.character for place in (edit.range.start, edit.range.end)
    )
    return text[:start] + edit.new_text + text[end:]


def only_edit(action: lsp.CodeAction) -> lsp.TextEdit:
    assert action.edit is not None
    assert action.edit.changes is not None
    ((edit,),) = action.edit.changes.values()
    return edit


async def test_findings_come_and_go_as_one_types(editor: Editor) -> None:
    assert await editor.open("job.jsonc", '{ "run": "python x.py" }') == []
    (found,) = await editor.change("job.jsonc", TWICE)
    assert (found.code, found.source, found.severity) == ("GS002", "gpuspec", lsp.DiagnosticSeverity.Error)
    assert found.range == lsp.Range(lsp.Position(2, 2), lsp.Position(2, 7))
    assert found.code_description is not None
    assert found.code_description.href.endswith("GS002-duplicate-key.md")
    assert await editor.change("job.jsonc", '{ "run": "python y.py" }') == []


async def test_columns_are_utf_16(editor: Editor) -> None:
    # A tab, `/* `, two wide characters, a space, an emoji (2 units), ` */ `: 13 units before the key of 12.
    text = '{\r\n\t/* 漢字 😀 */ "project_id": "z"\r\n}\r\n'
    (found,) = await editor.open("job.jsonc", text)
    assert found.range == lsp.Range(lsp.Position(1, 13), lsp.Position(1, 25))
    fix, silence = await editor.actions("job.jsonc", found.range, ["quickfix"])
    # From `project_id` to `name` the quotes stay: one edit of the ten letters between them.
    assert only_edit(fix).range == lsp.Range(lsp.Position(1, 14), lsp.Position(1, 24))
    assert only_edit(fix).new_text == "name"
    assert only_edit(silence).new_text == "\t// gpuspec: ignore[deprecated-name]\r\n"


async def test_the_same_findings_as_lint(editor: Editor) -> None:
    root = Path(__file__).parents[2]
    (editor.folder / "gpuspec.toml").unlink()
    for path in sorted((root / "examples" / "bad").glob("*.jsonc")):
        text = path.read_text(encoding="utf-8")
        (editor.folder / path.name).write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "gpuspec", "lint", path.name, "--format", "json"],
            cwd=editor.folder,
            capture_output=True,
            check=False,
        )
        told = [(f["code"], f["line"] - 1) for f in json.loads(done.stdout)["findings"]]
        shown = [(d.code, d.range.start.line) for d in await editor.open(path.name, text)]
        assert shown == told, path.name
        assert shown, path.name
        (editor.folder / path.name).unlink()  # neighbours matter to some rules


async def test_settings_of_the_folder_count(editor: Editor) -> None:
    (editor.folder / "gpuspec.toml").write_text('select = ["GS0"]\nignore = ["duplicate-key"]\n')
    assert await editor.open("job.jsonc", TWICE) == []
    (editor.folder / "gpuspec.toml").write_text('select = ["GS0"]\n[severity]\nduplicate-key = "info"\n')
    (found,) = await editor.change("job.jsonc", TWICE + "\n")
    assert found.severity == lsp.DiagnosticSeverity.Information
    (editor.folder / "gpuspec.toml").write_text("selct = []\n")
    (found,) = await editor.change("job.jsonc", TWICE)
    assert found.code == "bad-config"
    assert "select" in found.message


async def test_files_of_others_are_left_alone(editor: Editor) -> None:
    assert await editor.open("tsconfig.json", '{ "compilerOptions": {}, "compilerOptions": {} }') == []
    assert await editor.complete("tsconfig.json", 0, 2) == []
    schema = '{ "$schema": "https://x/job.schema.json", "run": "a", "run": "b" }'
    assert [found.code for found in await editor.open("other.json", schema)] == ["GS002"]


async def test_a_script(editor: Editor) -> None:
    (editor.folder / "gpuspec.toml").write_text('select = ["GS0", "GS301"]')
    loop = 'for f in data/*; do\n  sky launch --gpus A100:1 "python x.py $f"\ndone\n'
    found = await editor.open("go.sh", loop, "shellscript")
    assert [item.code for item in found] == ["GS301"]
    (silence,) = await editor.actions("go.sh", found[0].range)
    after = edited(loop, only_edit(silence))
    assert "  # gpuspec: ignore[per-item-launch]\n  sky launch" in after
    assert "GS301" not in [item.code for item in await editor.change("go.sh", after)]


async def test_fixes(editor: Editor) -> None:
    (found,) = await editor.open("job.jsonc", OLD)
    fix, silence = await editor.actions("job.jsonc", found.range, ["quickfix"])
    assert fix.is_preferred
    assert fix.kind == lsp.CodeActionKind.QuickFix
    after = edited(OLD, only_edit(fix))
    assert json.loads(after) == {"gpu_types": ["RTX 4090"], "run": "python x.py"}
    (every,) = await editor.actions("job.jsonc", found.range, ["source.fixAll"])
    assert edited(OLD, only_edit(every)) == after
    silent = edited(OLD, only_edit(silence))
    assert silent.splitlines()[1] == "  // gpuspec: ignore[deprecated-name]"
    # The reason is still missing, which is told, at a lower severity.
    assert [item.code for item in await editor.change("job.jsonc", silent)] == ["GS009"]


async def test_an_unsafe_fix_says_so(editor: Editor) -> None:
    text = (Path(__file__).parents[2] / "examples/bad/over-provisioned-sdxl.jsonc").read_text()
    (editor.folder / "gpuspec.toml").write_text('select = ["GS101"]')
    (found,) = await editor.open("sdxl.gpu.jsonc", text)
    fix, _ = await editor.actions("sdxl.gpu.jsonc", found.range)
    assert "may change what the job does" in fix.title
    assert not fix.is_preferred
    assert [item.code for item in await editor.change("sdxl.gpu.jsonc", edited(text, only_edit(fix)))] == []


async def test_a_second_rule_joins_the_comment(editor: Editor) -> None:
    text = "{\n  // gpuspec: ignore[GS007] old file\n" + '  \'gpu_type\': "RTX 4090",\n  "run": "x"\n}\n'
    (found,) = await editor.open("job.jsonc", text)
    _, silence = await editor.actions("job.jsonc", found.range, ["quickfix"])
    after = edited(text, only_edit(silence))
    assert "// gpuspec: ignore[GS007, deprecated-name] old file\n" in after
    assert await editor.change("job.jsonc", after) == []


async def test_hover(editor: Editor) -> None:
    lines = [
        "{",
        '  "gpu_types": ["RTX 4090"],',
        '  "model": { "id": "meta-llama/Llama-3.1-8B-Instruct", "dtype": "bf16", "context": 4096 },',
        '  "clouds": ["runpod"],',
        '  "run": "vllm serve x"',
        "}",
    ]
    await editor.open("job.jsonc", "\n".join(lines))
    gpu = await editor.hover("job.jsonc", 1, 18)
    assert gpu is not None
    assert isinstance(gpu.contents, lsp.MarkupContent)
    # NVIDIA Ada whitepaper: 24 GB, 1,008 GB/s.
    assert "24 GB" in gpu.contents.value
    assert "1,008 GB/s" in gpu.contents.value
    assert "/h (" in gpu.contents.value
    assert gpu.range == lsp.Range(lsp.Position(1, 16), lsp.Position(1, 26))
    model = await editor.hover("job.jsonc", 2, 22)
    assert model is not None
    # 8.03 B parameters × 2 bytes = 14.96 GiB of weights.
    assert "8.03 B parameters" in model.contents.value
    assert "weights 15.0" in model.contents.value
    field = await editor.hover("job.jsonc", 2, 60)
    assert field is not None
    assert "Number format of weights" in field.contents.value
    cloud = await editor.hover("job.jsonc", 3, 16)
    assert cloud is not None
    assert "RunPod" in cloud.contents.value
    assert await editor.hover("job.jsonc", 5, 0) is None


async def test_completion_of_fields(editor: Editor) -> None:
    text = '{\n  "name": "x",\n  \n  "run": "y"\n}\n'
    await editor.open("job.jsonc", text)
    items = await editor.complete("job.jsonc", 2, 2)
    labels = [item.label for item in items]
    assert "gpu_types" in labels
    assert not {"name", "run", "gpu_type"} & set(labels)  # there already; an old name
    task = next(item for item in items if item.label == "task")
    assert task.text_edit is not None
    assert task.text_edit.new_text == '"task": "$0",'  # another field follows


@pytest.mark.parametrize(
    ("text", "some"),
    [
        ('{ "task": "|" }', {"serve", "batch", "train", "interactive"}),
        ('{ "gpu_types": ["|', {"RTX 4090", "H100 SXM"}),
        ('{ "gpu_types": [{ "type": "A1|', {"A100 80GB PCIe"}),
        ('{ "model": "|', {"google/gemma-3-27b-it"}),
        ('{ "clouds": ["|"]', {"runpod", "lambda"}),
        ('{ "downloads": [{ "strategy": "hf", "source": "|', {"google/gemma-3-27b-it"}),
        ('{ "scaling": { |', {"min", "max"}),
        ("{ // gpuspec: ignore[|\n", {"over-provisioned-gpu"}),
    ],
)
async def test_completion_of_half_typed_texts(editor: Editor, text: str, some: set[str]) -> None:
    line, _, rest = text.partition("|")
    await editor.open("job.jsonc", line + rest)
    items = await editor.complete("job.jsonc", 0, len(line))
    assert some <= {item.label for item in items}


async def test_no_list_pops_up_in_a_command(editor: Editor) -> None:
    await editor.open("job.jsonc", '{ "run": "python my/" }')
    assert await editor.complete("job.jsonc", 0, 20) == []
    await editor.change("job.jsonc", '{ "model": { "engine": "vl" } }')
    assert [item.label for item in await editor.complete("job.jsonc", 0, 26)] == ["vllm"]


async def test_a_gpu_is_offered_with_memory_and_price(editor: Editor) -> None:
    await editor.open("job.jsonc", '{ "gpu_types": [""] }')
    found = {item.label: item for item in await editor.complete("job.jsonc", 0, 17)}
    assert found["RTX 4090"].detail is not None
    assert found["RTX 4090"].detail.startswith("24 GB · $")
    edit = found["RTX 4090"].text_edit
    assert isinstance(edit, lsp.TextEdit)
    assert (edit.new_text, edit.range.start.character, edit.range.end.character) == ('"RTX 4090"', 16, 18)


async def test_every_prefix_of_a_file_is_bearable(editor: Editor) -> None:
    root = Path(__file__).parents[2]
    text = (root / "examples/bad/over-provisioned-sdxl.jsonc").read_text(encoding="utf-8")
    text = text[text.index("{") :]
    await editor.open("job.jsonc", text)
    for end in range(0, len(text), 7):
        part = text[:end]
        line, character = part.count("\n"), len(part) - part.rfind("\n") - 1
        # No wait for diagnostics: the answers themselves look at the text.
        editor.version += 1
        editor.client.text_document_did_change(
            lsp.DidChangeTextDocumentParams(
                lsp.VersionedTextDocumentIdentifier(editor.version, editor.uri("job.jsonc")),
                [lsp.TextDocumentContentChangeWholeDocument(part)],
            )
        )
        await editor.complete("job.jsonc", line, character)
        await editor.hover("job.jsonc", line, max(0, character - 1))
        place = lsp.Position(line, character)
        await editor.actions("job.jsonc", lsp.Range(place, place))
    assert await editor.change("job.jsonc", '{ "run": "x" }') == []


async def test_what_a_rule_prints_stays_out_of_the_protocol(tmp_path: Path) -> None:
    code = (
        "import os, subprocess, sys\n"
        "import gpuspec.editor.opened as opened\n"
        "real = opened.lint_data\n"
        "def loud(*args, **kwargs):\n"
        "    print('from print'); os.write(1, b'from fd 1'); subprocess.run(['echo', 'from a child'])\n"
        "    return real(*args, **kwargs)\n"
        "opened.lint_data = loud\n"
        "from gpuspec.__main__ import main\n"
        "sys.argv = ['gpuspec', 'lsp']; sys.exit(main())\n"
    )
    uri = (tmp_path / "job.jsonc").as_uri()
    messages = [
        {"id": 1, "method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}},
        {"method": "initialized", "params": {}},
        {
            "method": "textDocument/didOpen",
            "params": {"textDocument": {"uri": uri, "languageId": "jsonc", "version": 1, "text": TWICE}},
        },
        {"id": 2, "method": "shutdown"},
        {"method": "exit"},
    ]
    sent = b"".join(framed(json.dumps({"jsonrpc": "2.0", **message}).encode()) for message in messages)
    done = subprocess.run([sys.executable, "-c", code], input=sent, capture_output=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    methods = [message.get("method") for message in unframed(done.stdout)]
    assert "textDocument/publishDiagnostics" in methods
    assert all(word in done.stderr for word in (b"from print", b"from fd 1", b"from a child"))


async def test_without_pygls_it_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['pygls'] = None\n"
        "from gpuspec.__main__ import main\n"
        "sys.argv = ['gpuspec', 'lsp']; sys.exit(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 2
    assert "error[lsp-missing]" in done.stderr
    assert "pip install 'gpuspec[lsp]'" in done.stderr
