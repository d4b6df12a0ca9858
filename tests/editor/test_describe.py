"""What hover says of an instance type: its machine, as the cloud's page has it."""

from __future__ import annotations

import pytest

from gpuspec.catalog import Catalog
from gpuspec.editor.describe import gpu_text
from gpuspec.formats import JOB_SPEC, Document
from gpuspec.job import Job
from gpuspec.planning.case import Case
from gpuspec.text import Tree

CASE = Case(Document("gpu.jsonc", Tree(""), Job(run="x"), "", JOB_SPEC.format), catalog=Catalog(offers=()))


@pytest.mark.parametrize(
    ("written", "begins"),
    [
        (
            "p4d.24xlarge",
            "`p4d.24xlarge` (aws): 8 × A100 40GB SXM4, 96 vCPUs, 1,152 GiB RAM, 8,000 GB of local disk\n\n**A100",
        ),
        (
            "Standard_NC6s_v3",
            "`Standard_NC6s_v3` (azure, retired on 2025-09-30): 1 × V100 PCIe 16GB, 6 vCPUs, 112 GiB RAM, "
            "736 GiB of local disk\n\n**V100",
        ),
        ("p5", "`p5` (aws): H100 SXM\n\n**H100 SXM"),
        ("g6f.large", "`g6f.large` is an eighth of an L4 (3 GB)."),
        ("L4", "**L4**"),
    ],
)
def test_an_instance_type_is_described_by_its_machine(written: str, begins: str) -> None:
    text = gpu_text(written, CASE.price_list)
    assert text is not None
    assert text.startswith(begins), text
