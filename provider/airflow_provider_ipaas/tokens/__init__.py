"""The token store: what consent gave, encrypted, renewed once for all workers. Knows neither Airflow nor the plugin."""

from __future__ import annotations

from airflow_provider_ipaas.tokens.cipher import Cipher
from airflow_provider_ipaas.tokens.shared_login import SharedLogin
from airflow_provider_ipaas.tokens.store import Authorization, ForeignAuthorization, StoredGrant, TokenStore

__all__ = ["Authorization", "Cipher", "ForeignAuthorization", "SharedLogin", "StoredGrant", "TokenStore"]
