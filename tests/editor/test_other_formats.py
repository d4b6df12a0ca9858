"""Files of other formats in an editor: findings in their places, and what the words there mean."""

from __future__ import annotations

from gpuspec.editor.hover import hover
from gpuspec.editor.opened import look
from gpuspec.rules import collect

TEXT = """\
# 中文 😀
apiVersion: v1
kind: Pod
spec:
  nodeSelector: {cloud.google.com/gke-accelerator: nvidia-l4}
  containers:
  - name: vllm
    image: vllm/vllm-openai:v0.8.5
    args: ["--model", "meta-llama/Llama-3.1-70B-Instruct"]
    resources: {limits: {nvidia.com/gpu: 1}}
"""


def test_findings_and_words_of_a_manifest() -> None:
    opened = look(collect(), "/nowhere/pod.yaml", TEXT, on_disk=False)
    assert opened.ours
    assert ("GS102", 5, 52) in [(f.finding.code, f.place.line, f.place.column) for f in opened.findings]
    for word, begins in {"nvidia-l4": "**L4**", "meta-llama": "**Llama-3.1-70B**"}.items():
        found = hover(opened, TEXT.index(word) + 1)
        assert found is not None
        assert found[1].startswith(begins)
    assert hover(opened, TEXT.index("kind") + 1) is None
