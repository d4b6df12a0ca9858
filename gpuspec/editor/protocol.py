"""JSON-RPC as the editor speaks it: each request gets an answer, also one that cannot be understood."""

from __future__ import annotations

from typing import Any

from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol


class AnsweringProtocol(LanguageServerProtocol):
    """pygls logs a request whose parameters are wrong, and leaves the client waiting for its answer."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """What a message says. One that is a request and wrong is answered here, while its number is at hand."""
        try:
            return super().structure_message(data)
        except JsonRpcException:
            number = data.get("id")
            if "method" in data and isinstance(number, int | str):
                self._send_response(number, None, JsonRpcInvalidParams().to_response_error())
            raise
