"""The server the other tests of this directory stand on."""

from __future__ import annotations

from sqlalchemy import create_engine, inspect, text

from tests.support.postgres import PostgresCluster


def test_each_fresh_database_is_empty_and_of_its_own(postgres_cluster: PostgresCluster) -> None:
    first, second = (create_engine(postgres_cluster.new_database()) for _ in range(2))
    with first.begin() as connection:
        connection.execute(text("CREATE TABLE things (id integer)"))
    assert inspect(first).get_table_names() == ["things"]
    assert inspect(second).get_table_names() == []
    for engine in (first, second):
        engine.dispose()


def test_the_session_database_answers_over_loopback(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT host(inet_server_addr())")) == "127.0.0.1"
        assert connection.scalar(text("SHOW server_encoding")) == "UTF8"
    engine.dispose()
