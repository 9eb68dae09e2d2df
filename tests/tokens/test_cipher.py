"""Fernet keys: the first encrypts, all decrypt, none means no token is stored."""

from __future__ import annotations

import pytest

from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.tokens import Cipher
from tests.tokens.support import KEY, OTHER_KEY


@pytest.mark.parametrize("text", ["5Aep861!+%/=", "ein Schlüssel ✓", ""])
def test_what_was_encrypted_comes_back(text: str) -> None:
    cipher = Cipher([KEY])
    sealed = cipher.encrypt(text)
    assert cipher.decrypt(sealed).text == text
    assert cipher.decrypt(sealed).current
    assert not text or text not in sealed
    assert repr(cipher.decrypt(sealed)) == "Opened(current=True)"


def test_an_older_key_still_opens_and_is_told() -> None:
    sealed = Cipher([OTHER_KEY]).encrypt("token")
    opened = Cipher([KEY, OTHER_KEY]).decrypt(sealed)
    assert (opened.text, opened.current) == ("token", False)


def test_without_the_key_it_says_how_to_get_it_back() -> None:
    sealed = Cipher([OTHER_KEY]).encrypt("token")
    with pytest.raises(ConfigurationError) as caught:
        Cipher([KEY]).decrypt(sealed)
    assert str(caught.value) == (
        "The stored token was encrypted with a Fernet key that is not configured here. Next step: Put the old key behind the "
        "new one in `[core] fernet_key` (new,old): every Airflow component needs the same one (AIRFLOW__CORE__FERNET_KEY). If "
        "it is lost, reset the connection and connect again."
    )


def test_without_any_key_nothing_is_stored() -> None:
    with pytest.raises(
        ConfigurationError, match="Airflow has no Fernet key here, and tokens are never stored unencrypted"
    ):
        Cipher([])


@pytest.mark.parametrize("key", ["short", "ä" * 44, KEY[:-3]])
def test_a_wrong_key_is_not_quoted(key: str) -> None:
    with pytest.raises(ConfigurationError, match="`\\[core\\] fernet_key` holds no valid Fernet key") as caught:
        Cipher([key])
    assert key not in str(caught.value)
