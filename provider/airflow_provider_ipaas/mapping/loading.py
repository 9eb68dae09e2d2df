"""Mapping files into a `CollectionMapping`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.mapping.addresses import SALESFORCE_PARTS
from airflow_provider_ipaas.mapping.collection import CollectionMapping
from airflow_provider_ipaas.mapping.compiling import Origin, compile_rule
from airflow_provider_ipaas.mapping.conversions import filters_of
from airflow_provider_ipaas.mapping.judging import Filters
from airflow_provider_ipaas.mapping.model import FieldSpec, MappingFile, validate_document
from airflow_provider_ipaas.mapping.problems import Problem, Refused, meant, refuse, refuse_file
from airflow_provider_ipaas.mapping.rules import Collection, FieldRule, IPaaSShape
from airflow_provider_ipaas.mapping.source import Document, parse_document, read_document
from airflow_provider_ipaas.mapping.vocabulary import REQUIRED

_FILES: dict[Collection, str] = {"account": "account.yaml", "contact": "contact.yaml"}
_ON_ADDRESSES = ("address", "phone_on_address")


def load_mapping(
    collection: Collection,
    mapping_dir: str | Path | None = None,
    *,
    default_mappings: bool = True,
    placement: IPaaSShape,
) -> CollectionMapping:
    """Load the rules of a collection: the defaults, overlaid by the file of that collection in *mapping_dir*.

    Raise `ConfigurationError` listing file, line, column and mend of everything that is wrong.
    """
    document = _user_document(collection, mapping_dir, default_mappings)
    sources = [_default_document(collection)] if default_mappings else []
    specs = _Specs.overlay([*sources, *([document] if document else [])])
    rules = tuple(_compiled(collection, specs))
    file = document.file if document else _default_name(collection)
    problems = [*_written_twice(rules, specs), *_not_mapped(collection, rules, file)]
    if problems:
        refuse(problems)
    if placement.addresses == "off":
        rules = tuple(rule for rule in rules if rule.kind not in _ON_ADDRESSES)
    return CollectionMapping(collection, rules, placement, _filters(collection, specs))


def _filters(collection: Collection, specs: _Specs) -> Filters:
    """Take the filters of the last file, or raise with everything in them that can't work."""
    if not specs.files:
        return Filters()
    document, parsed = specs.files[-1]
    problems: list[Problem] = []

    def report(error: Refused) -> None:
        problems.append(Problem(document.file, *document.where(error.part), error.what, error.mend))

    filters = filters_of(collection, parsed, report)
    if problems:
        refuse(problems)
    return filters


def _default_name(collection: Collection) -> str:
    return f"the default {collection} mapping"


def _default_document(collection: Collection) -> Document:
    file = resources.files(__package__).joinpath("defaults", _FILES[collection])
    return parse_document(file.read_text("utf-8"), _default_name(collection))


def _user_document(collection: Collection, mapping_dir: str | Path | None, default_mappings: bool) -> Document | None:
    """Read the user's file; None where there is none and the defaults do."""
    name = _FILES[collection]
    if mapping_dir is None:
        if default_mappings:
            return None
        mend = f"Give mapping_dir, a directory with {name}, or leave the default mappings on."
        raise ConfigurationError(
            "default_mappings is off and there is no mapping_dir: nothing is mapped.", next_step=mend
        )
    folder = Path(mapping_dir).expanduser()
    if not folder.is_dir():
        mend = "Create it, or correct mapping_dir; every Airflow worker needs it."
        refuse_file(str(folder), "the mapping directory does not exist.", mend)
    path = folder / name
    if path.exists():
        return read_document(path)
    _check_other_names(folder, name, default_mappings)
    return None


def _check_other_names(folder: Path, name: str, default_mappings: bool) -> None:
    """Refuse a directory whose file would be overlooked: misnamed, or missing without defaults."""
    stem = name.removesuffix(".yaml")
    misnamed = sorted(entry.name for entry in folder.iterdir() if _looks_like(entry, stem))
    if misnamed:
        refuse_file(str(folder / misnamed[0]), "a file of this name is not read.", f"Rename it to {name}.")
    if not default_mappings:
        refuse_file(str(folder / name), "the file does not exist and default_mappings is off.", "Write it.")
    if not any((folder / known).exists() for known in _FILES.values()):
        files = " or ".join(_FILES.values())
        refuse_file(str(folder), f"the mapping directory holds no {files}.", "Add one, or correct mapping_dir.")


def _looks_like(entry: Path, stem: str) -> bool:
    words = {stem, stem + "s"}
    return entry.suffix.casefold() in (".yaml", ".yml") and entry.stem.casefold() in words


@dataclass(frozen=True, slots=True)
class _Specs:
    """The overlaid specs by key, each with the documents that speak of it, the last one first."""

    specs: dict[str, FieldSpec]
    documents: dict[str, tuple[Document, ...]]
    default_keys: frozenset[str]
    files: tuple[tuple[Document, MappingFile], ...] = ()

    @classmethod
    def overlay(cls, documents: list[Document]) -> _Specs:
        specs: dict[str, FieldSpec] = {}
        origins: dict[str, tuple[Document, ...]] = {}
        default_keys: frozenset[str] = frozenset()
        files = tuple((document, validate_document(document)) for document in documents)
        for document, parsed in files:
            for key, spec in parsed.fields.items():
                specs[key] = specs[key].overlaid_by(spec) if key in specs else spec
                origins[key] = (document, *origins.get(key, ()))
            default_keys = default_keys or (frozenset(parsed.fields) if len(documents) > 1 else frozenset())
        return cls(specs, origins, default_keys, files)

    def folder(self, key: str) -> Path | None:
        """Return where the CSV files of a field lie: beside the file of the user."""
        file = Path(self.documents[key][0].file)
        return file.parent if file.is_absolute() or file.exists() else None

    def place(self, key: str, part: tuple[str | int, ...] = ()) -> tuple[str, int, int]:
        """Return file, line and column of a part of a field, in the last document that says it."""
        path = ("fields", key, *part)
        documents = self.documents[key]
        document = next((one for one in documents if path in one.marks), documents[0])
        return (document.file, *document.where(path))


def _compiled(collection: Collection, specs: _Specs) -> Iterator[FieldRule]:
    """Compile all enabled specs, or raise with everything that can't work."""
    rules, problems = [], []
    for key, spec in specs.specs.items():
        if not spec.enabled and key in specs.default_keys:
            continue
        file, line, _ = specs.place(key)
        try:
            rule = compile_rule(collection, key, spec, Origin(file, line, specs.folder(key)))
        except Refused as error:
            problems.append(_refused(key, spec, specs, error))
            continue
        if spec.enabled:
            rules.append(rule)
    if problems:
        refuse(problems)
    return iter(rules)


def _refused(key: str, spec: FieldSpec, specs: _Specs, error: Refused) -> Problem:
    mend = error.mend
    is_new = specs.default_keys and key not in specs.default_keys
    if is_new and spec.salesforce is None and spec.ipaas is None:
        close = meant(key, sorted(specs.default_keys))
        mend = f"{close} {mend}" if close.startswith("Did you mean") else mend
    return Problem(*specs.place(key, error.part), error.what, mend)


def _targets(rule: FieldRule) -> Iterator[tuple[str, str]]:
    """Name everything a rule writes."""
    if rule.writes_ipaas and rule.ipaas:
        yield "iPaaS.com", f"{rule.kind if rule.kind in _ON_ADDRESSES else 'custom' * rule.ipaas_custom} {rule.ipaas}"
    if rule.writes_salesforce and rule.salesforce:
        for part in SALESFORCE_PARTS if rule.kind == "address" else ("",):
            yield "Salesforce", rule.salesforce + part


def _written_twice(rules: tuple[FieldRule, ...], specs: _Specs) -> Iterator[Problem]:
    writers: dict[tuple[str, str], FieldRule] = {}
    for rule in rules:
        for target in _targets(rule):
            first = writers.setdefault(target, rule)
            if first is not rule:
                side, name = target
                what = f"{rule.key!r} writes {name.strip()!r} of {side}, and so does {first.key!r} ({first.file}, line {first.line})."
                mend = f"Let one of them write it: change `direction`, or turn one off with `{first.key}: {{enabled: false}}`."
                yield Problem(*specs.place(rule.key), what, mend)
                break


def _not_mapped(collection: Collection, rules: tuple[FieldRule, ...], file: str) -> Iterator[Problem]:
    """Find what a service requires of a new record and no rule writes."""
    if not rules:
        yield Problem(file, 0, 0, "no field is mapped.", "Map at least one field under `fields:`.")
    for side, name, why in REQUIRED[collection]:
        to_ipaas = side == "ipaas"
        writers = [rule for rule in rules if (rule.writes_ipaas if to_ipaas else rule.writes_salesforce)]
        if writers and not any((rule.ipaas if to_ipaas else rule.salesforce) == name for rule in writers):
            mend = f"Add a field with `{side}: {name}` that is written to it (`on_create_only: true` is enough)."
            yield Problem(file, 0, 0, f"{why}, and no field is mapped to it.", mend)
