"""What one iPaaS.com client works with: address, credentials, company, limits, API profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from airflow_provider_ipaas.clients.ipaas.profile import Profile

AuthMode = Literal["password", "api_key"]

DEFAULT_BASE_URL = "https://api.ipaas.com"


@dataclass(frozen=True, slots=True)
class IPaaSSettings:
    """One company of iPaaS.com and how to reach it; *connection* names it in messages."""

    system_id: str
    password: str = field(repr=False)
    login: str = ""
    auth_mode: AuthMode = "password"
    company_id: str = ""
    base_url: str = DEFAULT_BASE_URL
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    max_concurrency: int = 8
    requests_per_second: float | None = None
    deep_check_hours: int = 24
    default_country: str = ""
    profile: Profile = field(default_factory=Profile.load, repr=False)
    connection: str = "ipaas_default"
