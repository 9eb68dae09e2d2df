"""Sequences that broke a rule once, kept small; the tests play them each time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .config import Config

Op = list[Any]
FILE = Path(__file__).with_name("regressions.json")


@dataclass(frozen=True, slots=True)
class Kept:
    """A sequence, why it is kept, and the seed that it was first drawn from."""

    why: str
    seed: int
    config: Config
    ops: list[Op]


def kept() -> list[Kept]:
    """Return all kept sequences."""
    rows = json.loads(FILE.read_text("utf-8")) if FILE.exists() else []
    return [Kept(row["why"], row["seed"], Config.of(row["world"]), row["ops"]) for row in rows]


def keep(why: str, seed: int, config: Config, ops: list[Op]) -> None:
    """Add a sequence to the file."""
    rows = [{"why": k.why, "seed": k.seed, "world": k.config.plain(), "ops": k.ops} for k in kept()]
    rows.append({"why": why, "seed": seed, "world": config.plain(), "ops": ops})
    FILE.write_text(_text(rows), "utf-8")


def _text(rows: list[dict[str, Any]]) -> str:
    """Write one operation a line, for people and for diffs."""
    parts = []
    for row in rows:
        ops = ",\n".join(f"      {json.dumps(op)}" for op in row["ops"])
        head = "".join(f'    "{name}": {json.dumps(row[name])},\n' for name in ("why", "seed", "world"))
        parts.append("  {\n" + head + '    "ops": [\n' + ops + "\n    ]\n  }")
    return "[\n" + ",\n".join(parts) + "\n]\n"
