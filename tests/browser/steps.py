"""What a person does in several tests: fill in the forms, consent, trigger a run."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr

from airflow_provider_ipaas.sandbox import credentials
from airflow_provider_ipaas.sandbox.ipaas.access import COMPANY_GUID
from airflow_provider_ipaas.sandbox.ipaas.store import SALESFORCE_SYSTEM_ID

from .pages.dags import RunPage
from .visits import Visit

ACCOUNTS = "salesforce_ipaas_accounts"
SALESFORCE_CONN_ID, IPAAS_CONN_ID = "salesforce_connected_app_default", "ipaas_default"
SALESFORCE_PASSWORD = SecretStr(credentials.SALESFORCE_PASSWORD)


@dataclass(frozen=True, slots=True)
class Connected:
    """What a person read on the way to a connected connection: Salesforce's question, and the page after Allow."""

    state_before: str
    question: str
    notice: str
    state: str
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Synced:
    """A finished run that was triggered for one Account."""

    account_id: str
    account_name: str
    run_id: str
    state: str


def create_salesforce(person: Visit, url: str) -> None:
    """Create the connection to Salesforce in Airflow's form, with nothing but the app's credentials."""
    page = person.airflow.open_connections()
    form = page.new(SALESFORCE_CONN_ID, "Salesforce (Connected App)")
    form.type("API Url", url)
    form.type("Consumer Key", credentials.CONSUMER_KEY)
    form.type_secret("Consumer Secret", SecretStr(credentials.CONSUMER_SECRET))
    person.picture("connection-salesforce")
    form.open_section("Extra Fields")
    form.choose("Authentication", "web_server")
    form.type_number("Account poll days", 14)
    page.save(form, SALESFORCE_CONN_ID)


def create_ipaas(person: Visit, url: str) -> None:
    """Create the connection to iPaaS.com in Airflow's form."""
    page = person.airflow.open_connections()
    form = page.new(IPAAS_CONN_ID, "iPaaS.com")
    form.type("Base URL", url)
    form.type("E-mail", credentials.IPAAS_USERNAME)
    form.type_secret("Password or API key", SecretStr(credentials.IPAAS_PASSWORD))
    person.picture("connection-ipaas")
    form.open_section("Extra Fields")
    form.type("Company id", COMPANY_GUID)
    form.type_number("System id", SALESFORCE_SYSTEM_ID)
    page.save(form, IPAAS_CONN_ID)


def connect(person: Visit) -> Connected:
    """Connect by consent, as the integration user, and note what the pages say on the way."""
    page = person.airflow.open_connection(SALESFORCE_CONN_ID)
    state_before = page.state
    salesforce = page.connect()
    salesforce.log_in(credentials.USERNAME, SALESFORCE_PASSWORD)
    question = salesforce.question
    person.picture("salesforce-consent", page.page)
    salesforce.allow()
    page.wait()
    person.picture("connected", page.page)
    return Connected(state_before, question, page.notice, page.state, page.facts)


def run_accounts(person: Visit, *record_ids: str) -> tuple[RunPage, str]:
    """Trigger a run for some records in the trigger form; return its page and the state in which its report ends."""
    dag = person.airflow.open_dag(ACCOUNTS)
    form = dag.trigger_form()
    form.type_number("Poll days", 30)
    form.type("Record ids", "\n".join(record_ids))
    form.show("Run Parameters")
    person.picture("trigger-form")
    run = dag.trigger(form)
    return run, run.wait_for_end("report")
