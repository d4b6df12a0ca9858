"""What the author wanted: the Job, and the schema of the spec it is written in."""

from gpuspec.job.check import check
from gpuspec.job.from_mapping import from_mapping
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
    SetupStep,
    Traffic,
)
from gpuspec.job.problem import SchemaProblem

__all__ = [
    "Budget",
    "Checkpoint",
    "Download",
    "GpuChoice",
    "Job",
    "ModelSpec",
    "Port",
    "Readiness",
    "Scaling",
    "SchemaProblem",
    "Serverless",
    "SetupStep",
    "Traffic",
    "check",
    "from_mapping",
]
