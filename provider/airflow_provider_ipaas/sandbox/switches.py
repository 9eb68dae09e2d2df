"""Named settings of an emulated service, changed while it runs."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Switch:
    """One setting: its default, its legal values (none: any of the default's type), and what it does."""

    default: Any
    about: str
    choices: tuple[Any, ...] = ()
    nullable: bool = False

    def check(self, name: str, value: Any) -> None:
        """Raise ValueError when `value` is not legal."""
        if value is None and self.nullable:
            return
        if self.choices:
            if value not in self.choices:
                raise ValueError(f"Switch {name} takes one of {', '.join(map(str, self.choices))}, not {value!r}.")
            return
        kind = type(self.default) if self.default is not None else int
        if type(value) is not kind:
            raise ValueError(f"Switch {name} takes a value of type {kind.__name__}, not {value!r}.")


class Switches:
    """Hold the current values of a service's switches."""

    def __init__(self, switches: Mapping[str, Switch]) -> None:
        self._switches = dict(switches)
        self._values: dict[str, Any] = {}
        self.version = 0
        self.reset()

    @property
    def names(self) -> list[str]:
        """Return the names of all switches."""
        return list(self._switches)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def set(self, name: str, value: Any) -> None:
        """Change one switch; ValueError for an unknown name or an illegal value."""
        if name not in self._switches:
            raise ValueError(f"There is no switch {name!r}; there are {', '.join(self._switches)}.")
        self._switches[name].check(name, value)
        self._values[name] = copy.deepcopy(value)
        self.version += 1

    def reset(self) -> None:
        """Return every switch to its default."""
        self._values = {name: copy.deepcopy(switch.default) for name, switch in self._switches.items()}
        self.version += 1

    def as_dict(self) -> dict[str, Any]:
        """Return a copy of the current values."""
        return copy.deepcopy(self._values)
