"""Encryption with Airflow's Fernet keys: the first encrypts, all of them decrypt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.fernet import Fernet, InvalidToken

from airflow_provider_ipaas.errors import ConfigurationError

_ONE_KEY = "every Airflow component needs the same one (AIRFLOW__CORE__FERNET_KEY)"


@dataclass(frozen=True, slots=True)
class Opened:
    """A decrypted text; *current* says whether the first key had encrypted it."""

    text: str = field(repr=False)
    current: bool


class Cipher:
    """Encrypt and decrypt texts; there is no cipher without a key."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take the keys of `[core] fernet_key`, newest first. Raises ConfigurationError without any, or for a wrong one."""
        if not keys:
            raise ConfigurationError(
                "Airflow has no Fernet key here, and tokens are never stored unencrypted.",
                next_step=f"Set `[core] fernet_key`; {_ONE_KEY}.",
            )
        try:
            self._keys = [Fernet(key) for key in keys]
        except (ValueError, TypeError):
            # The library's message may quote the key.
            raise ConfigurationError(
                "The setting `[core] fernet_key` holds no valid Fernet key.",
                next_step=f"Set it to 32 bytes in URL-safe base64; {_ONE_KEY}.",
            ) from None

    def encrypt(self, text: str) -> str:
        """Return *text* encrypted with the first key."""
        return self._keys[0].encrypt(text.encode()).decode("ascii")

    def decrypt(self, text: str) -> Opened:
        """Return what was encrypted with any of the keys. Raises ConfigurationError when none fits."""
        for number, key in enumerate(self._keys):
            try:
                return Opened(key.decrypt(text).decode(), current=number == 0)
            except InvalidToken:
                continue
        raise ConfigurationError(
            "The stored token was encrypted with a Fernet key that is not configured here.",
            next_step=(
                f"Put the old key behind the new one in `[core] fernet_key` (new,old): {_ONE_KEY}. If it is lost, reset the "
                "connection and connect again."
            ),
        )
