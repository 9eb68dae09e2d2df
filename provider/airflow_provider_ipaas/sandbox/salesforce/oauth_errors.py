"""Refusals of the OAuth endpoints."""

from __future__ import annotations


class OAuthError(Exception):
    """A refusal, with its code and its description."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status

    @property
    def body(self) -> dict[str, str]:
        """Return the refusal as the token endpoint words it."""
        return {"error": self.error, "error_description": self.description}


def dead_token() -> OAuthError:
    """Return the refusal of a refresh token that is unknown, used, revoked or over."""
    return OAuthError("invalid_grant", "expired access/refresh token")
