"""SkyPilot's exceptions become ours. The names are those of sky/exceptions.py and sky/server/common.py, 0.14.1."""

from __future__ import annotations

import pytest

from gpuspec.errors import UserError
from gpuspec.launch.skypilot.explained import explained

CODES = {
    "ApiServerConnectionError": "api-server-down",
    "ApiServerAuthenticationError": "api-server-login",
    "APIVersionMismatchError": "api-server-version",
    "NoCloudAccessError": "no-cloud",
    "ResourcesUnavailableError": "sold-out",
    "ResourcesMismatchError": "machine-mismatch",
    "ClusterDoesNotExist": "machine-gone",
    "ClusterNotUpError": "machine-not-up",
    "NotSupportedError": "not-supported",
    "ClusterOwnerIdentityMismatchError": "machine-of-another",
    "StorageError": "cache-bucket",
    "StorageSpecError": "cache-bucket",
    "VolumeNotFoundError": "cache-volume",
    "VolumeNotReadyError": "cache-volume",
    "VolumeTopologyConflictError": "cache-volume",
    "CommandError": "skypilot-failed",
}


@pytest.mark.parametrize("name", CODES)
def test_an_exception_has_its_code_and_a_hint(name: str) -> None:
    theirs = type(name, (Exception,), {"__module__": "sky.exceptions"})
    with pytest.raises(UserError) as caught, explained():
        raise theirs("\x1b[31mno luck\x1b[0m\n  at all")
    assert caught.value.code == CODES[name]
    assert caught.value.message == "no luck at all"
    assert caught.value.hint


@pytest.mark.parametrize("name", CODES)
def test_sky_pilot_has_that_exception(name: str) -> None:
    exceptions = pytest.importorskip("sky.exceptions")
    assert issubclass(getattr(exceptions, name), Exception)


def test_a_bucket_without_credentials_is_not_sold_out() -> None:
    # Its words in sky/data/storage.py, 0.14.1: the class is that of a machine that cannot be had.
    words = 'Storage "store: s3" specified, but AWS access is disabled. To fix, enable AWS by running `sky check`.'
    theirs = type("ResourcesUnavailableError", (Exception,), {"__module__": "sky.exceptions"})
    with pytest.raises(UserError) as caught, explained():
        raise theirs(words)
    assert (caught.value.code, caught.value.message) == ("cache-bucket", words)
