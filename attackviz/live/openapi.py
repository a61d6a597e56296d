"""The description of the routes that ``/api/openapi.json`` gives.

Format: https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

from typing import Any

from ..formats import FORMATS

__all__ = ["describe"]

_NUMBER, _TEXT = {"type": "integer"}, {"type": "string"}
_TAKEN = {
    "type": "object",
    "description": "What became of a push; accepted means on the tape.",
    "properties": {
        "accepted": _NUMBER,
        "duplicates": _NUMBER,
        "rejected": _NUMBER,
        "left_out": {"type": "object", "additionalProperties": _NUMBER},
        "sequence": {**_NUMBER, "description": "Of the newest event on the tape."},
        "format": _TEXT,
        "ahead": {**_NUMBER, "description": "Events from the future."},
        "bad": {
            "type": "array",
            "description": "The first hundred that were rejected.",
            "items": {"type": "object", "properties": {"line": _NUMBER, "reason": _TEXT}},
        },
    },
}
_REFUSED = {"type": "object", "properties": {"error": _TEXT, "hint": _TEXT}, "required": ["error"]}
_REASONS = {
    "400": "A parameter or the body is wrong.",
    "401": "A token is needed.",
    "403": "The token, the origin or the host is not allowed.",
    "413": "The body is too large.",
    "415": "The body is of no known format, or packed in no known way.",
    "422": "No line is an event.",
    "429": "Too many requests; Retry-After says when the next may come.",
    "503": "This process only shows, or the tape cannot be written, or too much is sent at once.",
}


def describe(version: str) -> dict[str, Any]:
    """Return the description of the routes.

    Parameters
    ----------
    version : str
        Of the program.

    Examples
    --------
    >>> sorted(describe("1")["paths"])
    ['/api/events', '/api/feed', '/api/socket', '/health', '/metrics']
    """

    def refusals(*codes: str) -> dict[str, Any]:
        return {code: _answer(_REASONS[code], {"$ref": "#/components/schemas/Refused"}) for code in codes}

    formats = {"enum": [*FORMATS]}
    filters = _parameter("filters", "query", 'Conditions as JSON, such as {"category": {"in": ["ssh"]}}.')
    return {
        "openapi": "3.1.0",
        "info": {"title": "attackviz live", "version": version},
        "components": {
            "schemas": {"Taken": _TAKEN, "Refused": _REFUSED},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}, {}],
        "paths": {
            "/api/events": {
                "post": {
                    "summary": "Push events.",
                    "parameters": [
                        _parameter("format", "query", "Of the body; told by content if not given.", formats),
                        _parameter(
                            "Idempotency-Key", "header", "Names the push: repeated with it, it doubles nothing."
                        ),
                        _parameter("Content-Encoding", "header", "gzip or zstd.", {"enum": ["gzip", "zstd"]}),
                    ],
                    "requestBody": {
                        "required": True,
                        "content": {kind: {} for kind in ("application/x-ndjson", "application/json", "text/plain")},
                    },
                    "responses": {
                        "200": _answer("They are on the tape.", {"$ref": "#/components/schemas/Taken"}),
                        **refusals(*_REASONS),
                    },
                }
            },
            "/api/feed": {
                "get": {
                    "summary": "Listen: a server-sent event for each event that arrives; its id is its sequence.",
                    "parameters": [filters, _parameter("Last-Event-ID", "header", "Go on after this event.")],
                    "responses": {
                        "200": {"description": "Events.", "content": {"text/event-stream": {}}},
                        **refusals("400", "401", "403", "503"),
                    },
                }
            },
            "/api/socket": {
                "get": {
                    "summary": "A WebSocket for players and sources; its messages are in docs/live.md.",
                    "responses": {"101": {"description": "Switching protocols."}, **refusals("401", "403", "503")},
                }
            },
            "/health": {
                "get": {
                    "summary": "Whether events are taken and shown; for viewers, with every source.",
                    "security": [{}],
                    "responses": {"200": _answer("Ready.", {"type": "object"}), **refusals("503")},
                }
            },
            "/metrics": {
                "get": {
                    "summary": "Figures for Prometheus.",
                    "responses": {
                        "200": {"description": "Figures.", "content": {"text/plain": {}}},
                        **refusals("401", "403", "503"),
                    },
                }
            },
        },
    }


def _answer(what: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": what, "content": {"application/json": {"schema": schema}}}


def _parameter(name: str, where: str, what: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"name": name, "in": where, "description": what, "schema": {"type": "string", **(schema or {})}}
