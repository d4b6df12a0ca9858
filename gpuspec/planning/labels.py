"""Whose a job is: the labels that a bill groups by, and that budgets of groups are held against."""

from __future__ import annotations

from gpuspec.planning.case import Case


def labels_of(case: Case) -> dict[str, str]:
    """The job's own labels, those of what it is deployed as, those of the settings (`per-file-labels`). The first of
    them that says one counts."""
    deployed = case.job.deployment.labels if case.job.deployment else {}
    return {**dict(case.settings.labels), **deployed, **case.job.labels}
