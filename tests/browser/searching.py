"""Look for the secrets of a stack in everything that it wrote, and in everything that browsers were given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from _airflow import PASSWORDS, SECRETS
from _stack import Stack
from airflow_provider_ipaas.sandbox import credentials
from airflow_provider_ipaas.sandbox.ipaas.access import API_KEY
from tests.support.secrets import leaks, leaks_below

from .traffic import Exchange

# What Airflow keeps for itself: the passwords that its auth manager reads, and the keys of the next start.
_ITS_OWN = (PASSWORDS, SECRETS)
# The sandbox prints its public credentials when it starts.
_SANDBOX_LOG = "sandbox.log"
_PRINTED = {
    credentials.CONSUMER_SECRET,
    credentials.REFRESH_TOKEN,
    credentials.SALESFORCE_PASSWORD,
    credentials.IPAAS_PASSWORD,
    API_KEY,
}


@dataclass(frozen=True, slots=True)
class Secrets:
    """What may stand nowhere: secrets of both services and of Airflow, the codes and states of Connects, and the logins to
    Airflow, which only the browser of a person holds.
    """

    lasting: frozenset[str] = field(repr=False)
    single_use: frozenset[str] = field(repr=False)
    sessions: frozenset[str] = field(repr=False)

    @classmethod
    def of(cls, stack: Stack, given: Iterable[Exchange], sessions: Iterable[str]) -> Secrets:
        """Return what was in use in a stack, and what went through browsers."""
        issued = stack.sandbox.control("GET", "/secrets")
        single_use = frozenset(value for exchange in given for value in exchange.single_use.values())
        # The sandbox knows the codes that it gave, too.
        lasting = {*issued["salesforce"], *issued["ipaas"], *stack.airflow.own_secrets} - single_use
        return cls(frozenset(lasting), single_use, frozenset(sessions))

    def in_files(self, stack: Stack) -> list[str]:
        """Return the leaks in all files of Airflow (databases, logs, state) and in the output of each process."""
        everything = self.lasting | self.single_use | self.sessions
        found = leaks_below([stack.airflow.home], everything, without=_ITS_OWN)
        found += leaks_below([stack.processes.logs], everything, without=[_SANDBOX_LOG])
        return found + leaks_below([stack.processes.logs / _SANDBOX_LOG], everything - _PRINTED)

    def in_browsers(self, stack: Stack, given: Iterable[Exchange]) -> list[str]:
        """Return the leaks in addresses, and in what Airflow answered.

        By design of the protocol, the callback's address carries code and state, and the state goes to the org and back.
        """
        return [f"{leak} in {place}" for exchange in given for leak, place in self._of(stack, exchange)]

    def _of(self, stack: Stack, exchange: Exchange) -> Iterator[tuple[str, str]]:
        url = exchange.url.partition("?")[0]
        of_airflow = exchange.origin == stack.airflow.url
        for leak in leaks(exchange.url.encode(), self.lasting):
            yield leak, f"the address {url}"
        if of_airflow and not exchange.is_callback:
            for leak in leaks(exchange.url.encode(), self.single_use):
                yield leak, f"the address {url}"
        if of_airflow:
            to_the_org = exchange.location.startswith(stack.sandbox.salesforce_url)
            for leak in leaks(exchange.told, self.lasting if to_the_org else self.lasting | self.single_use):
                yield leak, f"the answer of {url}"
