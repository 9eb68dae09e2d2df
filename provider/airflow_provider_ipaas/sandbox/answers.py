"""JSON answers of both services."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import JSONResponse as _JSONResponse


class JSONResponse(_JSONResponse):
    """Escape everything beyond ASCII, so that a record with a lone surrogate is an answer and not a crash."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")
