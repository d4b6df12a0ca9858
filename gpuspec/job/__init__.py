"""What the author wanted: the Job, and the schema of the spec it is written in."""

from gpuspec.job.check import check
from gpuspec.job.job import Budget, GpuChoice, Job

__all__ = ["Budget", "GpuChoice", "Job", "check"]
