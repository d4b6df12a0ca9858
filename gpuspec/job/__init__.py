"""What the author wrote: the schema, the Job, old names and their new ones."""

from gpuspec.job.check import check
from gpuspec.job.job import (
    Budget,
    Checkpoint,
    Download,
    GpuChoice,
    Job,
    ModelSpec,
    Port,
    Readiness,
    Scaling,
    Serverless,
    Step,
    Traffic,
)
from gpuspec.job.old_names import OldName, is_gpu_cli, old_names
from gpuspec.job.problem import SchemaProblem
from gpuspec.job.read import read

__all__ = [
    "Budget",
    "Checkpoint",
    "Download",
    "GpuChoice",
    "Job",
    "ModelSpec",
    "OldName",
    "Port",
    "Readiness",
    "Scaling",
    "SchemaProblem",
    "Serverless",
    "Step",
    "Traffic",
    "check",
    "is_gpu_cli",
    "old_names",
    "read",
]
