"""The people who can log in to the org."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from airflow_provider_ipaas.sandbox import credentials


@dataclass(frozen=True, slots=True)
class User:
    """A user of the org."""

    id: str
    username: str
    first_name: str
    last_name: str
    password: str = field(default=credentials.SALESFORCE_PASSWORD, repr=False)

    @property
    def name(self) -> str:
        """Return first and last name."""
        return f"{self.first_name} {self.last_name}"


INTEGRATION: Final = User(credentials.INTEGRATION_USER_ID, credentials.USERNAME, "Integration", "User")
ADMIN: Final = User(credentials.ADMIN_USER_ID, credentials.ADMIN_USERNAME, "Ada", "Admin")
USERS: Final = (INTEGRATION, ADMIN)


def find_user(username: str) -> User | None:
    """Return a user by name, in whatever letter case."""
    return next((user for user in USERS if user.username == username.strip().lower()), None)


def profile(user: User, origin: str, organization: str = credentials.ORG_ID) -> dict[str, object]:
    """Return what the identity URL and userinfo say of a user."""
    identity = identity_url(user, origin)
    return {
        "id": identity,
        "sub": identity,
        "user_id": user.id,
        "organization_id": organization,
        "username": user.username,
        "preferred_username": user.username,
        "nickname": user.username.partition("@")[0],
        "nick_name": user.username.partition("@")[0],
        "display_name": user.name,
        "name": user.name,
        "email": user.username,
        "email_verified": True,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "given_name": user.first_name,
        "family_name": user.last_name,
        "zoneinfo": "Europe/Berlin",
        "active": True,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": 3600000,
        "urls": {
            "rest": f"{origin}/services/data/v{{version}}/",
            "sobjects": f"{origin}/services/data/v{{version}}/sobjects/",
            "query": f"{origin}/services/data/v{{version}}/query/",
        },
    }


def identity_url(user: User, origin: str) -> str:
    """Return the identity URL of a user."""
    return f"{origin}/id/{credentials.ORG_ID}/{user.id}"
