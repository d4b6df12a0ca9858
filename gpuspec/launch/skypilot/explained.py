"""SkyPilot's errors in words, and its answers that nobody can read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gpuspec.errors import UserError
from gpuspec.launch.skypilot.api_server import leftover_processes, root_cause, words_of
from gpuspec.launch.skypilot.standard_streams import stdout_aside

_SERVER = "run `sky api status`; SKYPILOT_API_SERVER_ENDPOINT says which server is meant"

_BUCKET = "make the bucket of `cache`, and give SkyPilot its credentials (`sky check`, `sky storage ls`)"
_VOLUME = "`sky volumes ls` shows what there is and where, `sky volumes apply` makes one; a bucket is written s3://…"
_ELSEWHERE = (
    "leave `regions` out, or name the volume's alone: a machine is where its volume is (`sky volumes ls`)"
)
_WILL_NOT_START = "run `sky api stop`, then `sky api start`; the log it names says more"

_ADVICE = {
    "ApiServerConnectionError": ("api-server-down", _SERVER),
    # requests' own base class: the server went in the middle of an answer
    "RequestException": ("api-server-down", _SERVER),
    "RequestInterruptedError": ("api-server-down", _SERVER),
    "ServerTemporarilyUnavailableError": ("api-server-down", _SERVER),
    "ApiServerAuthenticationError": ("api-server-login", "run `sky api login`"),
    "APIVersionMismatchError": ("api-server-version", "run `sky api stop`, then try again"),
    "NoCloudAccessError": ("no-cloud", "set up a cloud's credentials and run `sky check`"),
    "ResourcesUnavailableError": (
        "sold-out",
        "try again later, raise max_price, or accept more in gpu_types, clouds and regions",
    ),
    "ResourcesMismatchError": (
        "machine-mismatch",
        "the machine that is up does not fit this job: take it down",
    ),
    "ClusterDoesNotExist": ("machine-gone", "it was taken down: by its timer, by hand, or by its cloud"),
    "ClusterNotUpError": (
        "machine-not-up",
        "it is still being made, or cannot be reached just now: `gpuspec ps` tells which",
    ),
    "StorageError": ("cache-bucket", _BUCKET),
    "StorageSpecError": ("cache-bucket", _BUCKET),
    "VolumeNotFoundError": ("cache-volume", _VOLUME),
    "VolumeNotReadyError": ("cache-volume", _VOLUME),
    "VolumeTopologyConflictError": ("cache-volume", _ELSEWHERE),
    "NotSupportedError": ("not-supported", "allow another cloud in `clouds`"),
    "ClusterOwnerIdentityMismatchError": (
        "machine-of-another",
        "it belongs to another account: log in to that one",
    ),
}
"""Name of SkyPilot's exception → (our code, what to do)."""


_READERS = ("client", "controllers", "provisioning")
"""Modules beside this one that read SkyPilot's answers: what fails there is the answer's fault."""


@contextmanager
def explained() -> Iterator[None]:
    """SkyPilot's errors as UserErrors: its own words on one line, and what to do. An answer that is not what it
    should be is one, too. What it prints goes to standard error (standard output is the job's, or our JSON), and so
    does all that is logged once it was imported here. Also a decorator, of what asks SkyPilot and reads an answer."""
    try:
        with stdout_aside():
            yield
    except UserError:
        raise
    except Exception as error:
        where = _raised_in(error)
        in_answer = where.rpartition(".")[2] in _READERS
        if where.startswith("gpuspec.") and not in_answer:
            raise
        raise _explanation(error, in_answer=in_answer) from error


def _raised_in(error: Exception) -> str:
    """The name of the module whose code raised it."""
    at = error.__traceback__
    while at and at.tb_next:
        at = at.tb_next
    return str(at.tb_frame.f_globals.get("__name__", "")) if at else ""


def _explanation(error: Exception, *, in_answer: bool) -> UserError:
    kind = type(error)
    code, hint = next(
        (_ADVICE[base.__name__] for base in kind.__mro__ if base.__name__ in _ADVICE),
        ("skypilot-failed", "`sky api logs` and `sky status` show more"),
    )
    words = words_of(error)
    # A bucket without credentials is the same to it.
    if code == "sold-out" and words.startswith("Storage "):
        code, hint = "cache-bucket", _BUCKET
    words = words.partition(" It is only allowed for UP")[0]  # what follows is `sky`'s advice, not ours
    names = {base.__name__ for base in kind.__mro__}
    if "RequestException" in names:
        does = "answers with an error" if "HTTPError" in names else "does not answer"
        words = f"SkyPilot's API server {does} ({root_cause(error)})"
    foreign = kind.__module__ == "builtins" and (in_answer or not isinstance(error, _IN_WORDS))
    if foreign or names & _UNREADABLE:
        words = f"SkyPilot gave an answer that cannot be read ({kind.__name__}: {words_of(error)})"
    if code == "skypilot-failed" and "API server" in words:  # a plain RuntimeError: it would not start
        code, hint = "api-server-down", leftover_processes() or _WILL_NOT_START
    return UserError(code, words[:600], hint)


_UNREADABLE = {"ValidationError", "JSONDecodeError", "RecursionError"}
"""What pydantic, requests and Python raise over an answer of another shape."""

_IN_WORDS = (ValueError, RuntimeError, ImportError, OSError)
"""Python's own errors that SkyPilot raises with words for people."""
