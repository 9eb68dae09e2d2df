"""Countries and states"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from airflow_provider_ipaas.mapping.expressions.functions._reading import as_text
from airflow_provider_ipaas.mapping.expressions.limits import ExpressionFailed

# Names that people and both services use beside those of ISO 3166.
_ALSO = {
    **{"usa": "US", "u.s.a.": "US", "u.s.": "US", "united states of america": "US", "america": "US"},
    **{"uk": "GB", "u.k.": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB"},
    **{"south korea": "KR", "north korea": "KP", "russia": "RU", "czech republic": "CZ", "turkey": "TR"},
    **{"holland": "NL", "the netherlands": "NL", "ivory coast": "CI", "macedonia": "MK", "swaziland": "SZ"},
    **{"burma": "MM", "cape verde": "CV", "east timor": "TL", "vatican city": "VA", "brunei": "BN"},
}


@lru_cache(maxsize=1)
def _countries() -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Return code by folded name or code, name by code, and code of three letters by code of two."""
    import pycountry

    codes, names, three = dict(_ALSO), {}, {}
    for country in pycountry.countries:
        common = getattr(country, "common_name", None)
        names[country.alpha_2] = common or country.name
        three[country.alpha_2] = country.alpha_3
        known = (country.alpha_2, country.alpha_3, country.name, common, getattr(country, "official_name", None))
        codes |= {word.casefold(): country.alpha_2 for word in known if word}
    return codes, names, three


@lru_cache(maxsize=64)
def _states(country: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the code by folded name or code, and the name by code, of one country's states."""
    import pycountry

    names = {
        state.code.removeprefix(f"{country}-"): state.name
        for state in pycountry.subdivisions.get(country_code=country) or ()  # type: ignore[no-untyped-call]
    }
    codes = {name.casefold(): code for code, name in names.items()} | {code.casefold(): code for code in names}
    return codes, names


def country_code(value: Any) -> str:
    """Return the code of two letters (ISO 3166) of a country by its name or either code: US."""
    code = _countries()[0].get(as_text(value).strip().casefold())
    if code is None:
        raise ExpressionFailed("there is no country of this name or code")
    return code


def country_code3(value: Any) -> str:
    """Return the code of three letters of a country by its name or either code: USA."""
    return _countries()[2][country_code(value)]


def country_name(value: Any) -> str:
    """Return the English name of a country by its name or either code: United States."""
    return _countries()[1][country_code(value)]


def _state(value: Any, country: Any) -> tuple[str, str]:
    land = country_code(country)
    codes, names = _states(land)
    code = codes.get(as_text(value).strip().casefold().removeprefix(f"{land.casefold()}-"))
    if code is None:
        raise ExpressionFailed("there is no state of this name or code in the country")
    return code, names[code]


def state_code(value: Any, country: Any) -> str:
    """Return the code of a state, province or region by its name or code: state_code('Texas', 'US') is TX."""
    return _state(value, country)[0]


def state_name(value: Any, country: Any) -> str:
    """Return the name of a state, province or region by its name or code: state_name('TX', 'US') is Texas."""
    return _state(value, country)[1]


FUNCTIONS = (country_code, country_code3, country_name, state_code, state_name)
