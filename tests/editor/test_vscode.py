"""The settings that the docs give for VS Code without the server, in VS Code's own JSON language service."""

from __future__ import annotations

import json
import re
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from gpuspec.formats import JOB_SPEC

sys.path.insert(0, str(Path(__file__).parents[1]))
import node

ROOT = Path(__file__).parents[2]
SETTINGS = [
    json.loads(block)
    for block in re.findall(
        r'```json title="\.vscode/settings\.json"\n(.*?)```',
        (ROOT / "docs" / "how-to" / "editors.md").read_text(encoding="utf-8"),
        flags=re.S,
    )
]
SCRIPT = """
    const { getLanguageService, TextDocument } = require('vscode-json-languageservice');
    const fs = require('fs');
    const [schema, settings, ...files] = process.argv.slice(1);
    const associations = JSON.parse(settings)['json.schemas'];
    const service = getLanguageService({ schemaRequestService: async () => fs.readFileSync(schema, 'utf8') });
    service.configure({ schemas: associations.map(one => ({ uri: 'file:///job.schema.json', ...one })) });
    const said = async file => {
        const text = fs.readFileSync(file, 'utf8');
        const document = TextDocument.create(`file:///${file.split('/').pop()}`, 'jsonc', 1, text);
        const json = service.parseJSONDocument(document);
        const found = await service.doValidation(document, json, { comments: 'ignore', trailingCommas: 'ignore' });
        const offered = await service.doComplete(document, document.positionAt(text.indexOf('{') + 1), json);
        return { found: found.map(one => one.message), offered: offered.items.map(one => one.label) };
    };
    Promise.all(files.map(said)).then(all => console.log(JSON.stringify(all)));
"""


def test_the_schema_is_for_the_files_that_lint_reads() -> None:
    (match,) = [one["fileMatch"] for settings in SETTINGS for one in settings.get("json.schemas", ())]
    names = [f"x{name}" if name[0] == "." else name for name in JOB_SPEC.names]
    assert all(any(fnmatch(name, pattern) for pattern in match) for name in names)
    assert len(match) == len(names)


@pytest.mark.slow
def test_vscode_checks_and_completes_with_it(tmp_path: Path) -> None:
    (settings,) = [each for each in SETTINGS if "json.schemas" in each]
    good = tmp_path / "good.gpu.jsonc"
    good.write_text((ROOT / "examples" / "batch-70b-awq.jsonc").read_text(encoding="utf-8"))
    bad = tmp_path / "bad.gpu.jsonc"
    bad.write_text('{\n  "run": "x", "gpu_typs": [], "task": "trian" // typed in haste\n}\n')
    schema = ROOT / "schemas" / "job.schema.json"
    packages = ("vscode-json-languageservice@5.3.11",)
    clean, wrong = json.loads(
        node.run(packages, SCRIPT, str(schema), json.dumps(settings), str(good), str(bad))
    )
    assert clean["found"] == []
    assert len(wrong["found"]) == 2
    assert any("gpu_typs" in message for message in wrong["found"])
    assert {"gpu_types", "keep_alive_minutes", "max_price"} <= set(wrong["offered"])
