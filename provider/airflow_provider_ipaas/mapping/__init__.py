"""Mapping collections: the files, their model, the defaults, and the translation of records both ways."""

from __future__ import annotations

from airflow_provider_ipaas.mapping.collection import CollectionMapping
from airflow_provider_ipaas.mapping.judging import Held
from airflow_provider_ipaas.mapping.loading import load_mapping
from airflow_provider_ipaas.mapping.rules import Body, FieldRule, IPaaSShape, Showing, Side, Translated, Value
from airflow_provider_ipaas.mapping.text import unsendable

__all__ = [
    "Body",
    "CollectionMapping",
    "FieldRule",
    "Held",
    "IPaaSShape",
    "Showing",
    "Side",
    "Translated",
    "Value",
    "load_mapping",
    "unsendable",
]
