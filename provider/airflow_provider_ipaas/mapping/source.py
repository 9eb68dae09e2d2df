"""YAML files read into plain values that remember where each of them was written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from airflow_provider_ipaas.mapping.problems import refuse_file

MAX_FILE_BYTES = 1_000_000
_MAX_DEPTH = 20
# YAML 1.1 takes 1:59:59 for a number; a long one of that kind would be computed for many seconds.
_MOST_DIGITS = 80
_PLAIN_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "null", "bool", "int", "float")}
_LONG_TAGS = {"tag:yaml.org,2002:str", "tag:yaml.org,2002:null"}

Path_ = tuple[str | int, ...]


@dataclass(slots=True)
class Document:
    """The values of one file; *marks* hold line and column, from 1, of every key and value by its path."""

    file: str
    data: Any = None
    marks: dict[Path_, tuple[int, int]] = field(default_factory=dict)

    def where(self, path: Path_) -> tuple[int, int]:
        """Return line and column of the deepest known part of *path*."""
        while path and path not in self.marks:
            path = path[:-1]
        return self.marks.get(path, (1, 1))


class _Loader(yaml.SafeLoader):
    """Composes nodes; refuses aliases, which a mapping does not need and a bomb does, and endless nesting."""

    depth = 0

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.composer.ComposerError(None, None, "anchors and aliases are not accepted", event.start_mark)
        if self.depth > _MAX_DEPTH:
            raise yaml.composer.ComposerError(None, None, "it is nested too deeply", event.start_mark)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def read_document(path: Path) -> Document:
    """Read one file; raise `ConfigurationError` naming file, line and column of what is wrong."""
    return parse_document(read_text(path), str(path))


def read_text(path: Path) -> str:
    """Read the text of a file of the mapping directory, within its bounds."""
    file = str(path)
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= MAX_FILE_BYTES else b""
    except OSError as error:
        refuse_file(file, f"it can't be read ({error.strerror}).", "Make it a file that the Airflow workers may read.")
    if size > MAX_FILE_BYTES:
        refuse_file(file, f"it has {size} bytes.", f"A mapping file may have at most {MAX_FILE_BYTES} bytes.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        refuse_file(file, "it is not UTF-8 text.", "Save the file with the encoding UTF-8.", line, column)


def parse_document(text: str, file: str) -> Document:
    """Parse the text of one YAML document."""
    loader = _Loader("")
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = (error.problem or error.context or "it is no YAML").removeprefix("but ")
        refuse_file(file, f"{what}.", _mend(what), line, column)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        refuse_file(file, "a character that YAML does not accept.", "Remove the control character.", line, column)
    except (ValueError, OverflowError):
        # PyYAML hands the number behind \U on unchecked.
        mend = "Write the character itself, or an escape of one that exists."
        refuse_file(file, "an escape of a character that does not exist.", mend, loader.line + 1, loader.column + 1)
    finally:
        loader.dispose()
    document = Document(file)
    document.data = _plain(document, node, ()) if node is not None else None
    return document


def _mend(what: str) -> str:
    if "\\t" in what:
        return "Indent with spaces: YAML does not accept tabs there."
    if "nested" in what:
        return "A mapping needs four levels: the file, its fields, a field, and one side of it."
    if "alias" in what:
        return "Write the value out where it is used."
    if "single document" in what or "another document" in what:
        return "Keep one document per file: remove the line '---' in the middle."
    return "Mend the YAML: keys of one level need the same indentation, and quotes and brackets must be closed."


def _plain(document: Document, node: Node, path: Path_) -> Any:
    document.marks.setdefault(path, _place(node))
    if isinstance(node, MappingNode):
        return _plain_mapping(document, node, path)
    if isinstance(node, SequenceNode):
        return [_plain(document, item, (*path, index)) for index, item in enumerate(node.value)]
    if node.tag == "tag:yaml.org,2002:timestamp":
        return node.value
    if node.tag not in _PLAIN_TAGS:
        refuse_file(document.file, f"the tag {node.tag!r} is not accepted.", "Write a plain value.", *_place(node))
    try:
        if node.tag not in _LONG_TAGS and len(node.value) > _MOST_DIGITS:
            raise ValueError("too long for a number")
        return SafeConstructor().construct_object(node)
    except (ValueError, LookupError, yaml.YAMLError):
        shown = node.value[:_MOST_DIGITS]
        refuse_file(document.file, f"{shown!r} can't be read.", "Put it in quotes.", *_place(node))


def _plain_mapping(document: Document, node: MappingNode, path: Path_) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line, column = _place(key_node)
        if not isinstance(key_node, ScalarNode):
            refuse_file(document.file, "a key must be a plain word.", "Write `key: value`.", line, column)
        key = key_node.value  # As written: `on` and `no` are words here, not booleans.
        if key in values:
            first = document.where((*path, key))[0]
            mend = f"Keep one of the two; the first is in line {first}."
            refuse_file(document.file, f"the key {key!r} is there twice.", mend, line, column)
        document.marks[(*path, key)] = (line, column)
        values[key] = _plain(document, value_node, (*path, key))
    return values


def _place(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
