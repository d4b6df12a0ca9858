"""What SkyPilot sends: skypilot 0.14.1, sky/task.py (`workdir`: relative to where `sky` is called),
sky/utils/command_runner.py and sky/data/storage_utils.py (`get_excluded_files`: what .skyignore names, where there is
one, else what git ignores), read 2026-11-30."""

from gpuspec.formats.document import Document, Sent

IGNORES = (".skyignore", ".gitignore")


def sent(document: Document) -> Sent | None:
    """The folder of `workdir`; nothing without one. None where it is a repository to be cloned, or where an image
    may hold what nothing sends."""
    job = document.job
    if job is None or isinstance(job.raw.get("workdir"), dict) or (job.workdir is None and job.image):
        return None
    mounts = job.raw.get("file_mounts")
    mounted = tuple(filter(lambda path: isinstance(path, str), mounts)) if isinstance(mounts, dict) else ()
    return Sent(job.workdir, True, IGNORES, mounted, "`workdir: .`")
