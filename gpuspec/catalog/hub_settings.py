"""Where the hub is, and what lets us in: as huggingface_hub knows them, looked at before they are used."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

from gpuspec.errors import UserError
from gpuspec.named_tuple import NamedTuple
from gpuspec.untrusted_file import in_words, read_file

HUGGING_FACE = "https://huggingface.co"
LARGEST_TOKEN = 4096
_LONGEST_HOST = 253  # RFC 1035


class HubSettings(NamedTuple):
    """What requests to the hub need to know."""

    endpoint: str
    """The address of the hub, or of the mirror that HF_ENDPOINT names."""
    token: str | None
    offline: bool


def hub_settings() -> HubSettings:
    """The settings in force. Raises UserError `hub-missing` where huggingface_hub is not installed,
    `hub-unreachable` where HF_ENDPOINT is no address, and `hub-token`."""
    try:
        from huggingface_hub import constants, get_token
    except ImportError:
        raise UserError(
            "hub-missing",
            "looking up models online needs huggingface_hub, which is not installed",
            "Install it with `pip install 'gpuspec[hub]'`.",
        ) from None
    except ValueError:  # it takes HF_ENDPOINT apart
        raise _no_address() from None
    endpoint = constants.ENDPOINT.rstrip("/") or HUGGING_FACE
    if not is_web_address(endpoint):
        raise _no_address()
    offline = bool(constants.HF_HUB_OFFLINE)
    silent = offline or constants.HF_HUB_DISABLE_IMPLICIT_TOKEN
    return HubSettings(endpoint, None if silent else _token(constants.HF_TOKEN_PATH, get_token), offline)


def is_web_address(url: str) -> bool:
    """Whether a request can be sent there."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:  # half of an IPv6 address, or a port that is none
        return False
    if not url.isprintable() or any(letter.isspace() for letter in host):
        return False
    return parts.scheme in ("http", "https") and 0 < len(host) <= _LONGEST_HOST


def _no_address() -> UserError:
    # It may hold a password, so it is not repeated.
    hint = f"It is written like {HUGGING_FACE}; unset, that is the hub which is asked."
    return UserError("hub-unreachable", "HF_ENDPOINT is not the address of a hub", hint)


def _token(path: str, get_token: Any) -> str | None:
    """The token of the environment or of the login. It is in no error."""
    hint = "Log in with `hf auth login`, or set HF_TOKEN."
    try:
        if not (os.environ.get("HF_TOKEN") or os.environ.get("HUGGING_FACE_HUB_TOKEN")):
            read_file(path, LARGEST_TOKEN).decode()
    except FileNotFoundError:
        pass
    except UnicodeDecodeError:
        raise UserError("hub-token", f"{path} holds no token: it is no text", hint) from None
    except OSError as error:
        raise UserError("hub-token", f"the token in {path} cannot be read: {in_words(error)}", hint) from None
    try:
        token: str | None = get_token()
    except Exception:  # it may ask the hub for a new one
        raise UserError("hub-token", "huggingface_hub cannot renew the token of your login", hint) from None
    if token and not (token.isascii() and token.isprintable() and len(token) <= LARGEST_TOKEN):
        raise UserError("hub-token", "what stands in the place of the hub's token is none", hint)
    return token
