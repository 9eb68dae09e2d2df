"""The switches of the iPaaS.com emulator: one per behaviour that no public source settles."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Literal

from airflow_provider_ipaas.sandbox.ipaas.readings import NOT_PRESET, SWITCHES, SwitchError, SwitchValue

__all__ = ["SWITCHES", "Preset", "SwitchError", "Switches"]

Preset = Literal["default", "harsh", "mild"]


class Switches:
    """The switches' present values."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, SwitchValue] = {}
        self.reset()

    @property
    def names(self) -> list[str]:
        """Return every switch's name."""
        return list(SWITCHES)

    def get(self, name: str) -> SwitchValue:
        """Return a switch's value; raises `SwitchError` for an unknown name."""
        try:
            return self._values[name]
        except KeyError:
            raise SwitchError(f"There is no switch {name!r}.") from None

    def validate(self, name: str, value: object) -> SwitchValue:
        """Return the value as the switch would store it; raises `SwitchError`."""
        switch = SWITCHES.get(name)
        if switch is None:
            raise SwitchError(f"There is no switch {name!r}.")
        return switch.check(value)

    def set(self, name: str, value: object) -> None:
        """Set one switch; raises `SwitchError` and changes nothing when name or value is wrong."""
        checked = self.validate(name, value)
        with self._lock:
            self._values[name] = checked

    def update(self, values: Mapping[str, object]) -> None:
        """Set several switches, all or none."""
        checked = {name: self.validate(name, value) for name, value in values.items()}
        with self._lock:
            self._values.update(checked)

    def use(self, preset: Preset) -> None:
        """Set every reading to its default, its harsh or its mild form."""
        if preset == "default":
            self.reset()
            return
        self.reset()
        readings = [switch for switch in SWITCHES.values() if switch.name not in NOT_PRESET]
        self.update({switch.name: switch.harsh if preset == "harsh" else switch.mild for switch in readings})

    def reset(self) -> None:
        """Return every switch to its default."""
        with self._lock:
            self._values = {switch.name: switch.default for switch in SWITCHES.values()}

    def as_dict(self) -> dict[str, SwitchValue]:
        """Return every switch with its present value."""
        with self._lock:
            return dict(self._values)

    def describe(self) -> list[dict[str, Any]]:
        """Return every switch with its value, default, readings and meaning, for people."""
        return [
            {
                "name": switch.name,
                "value": self.get(switch.name),
                "default": switch.default,
                "harsh": switch.harsh,
                "mild": switch.mild,
                "choices": list(switch.choices),
                "bounds": list(switch.bounds) if switch.bounds else None,
                "doc": switch.doc,
            }
            for switch in SWITCHES.values()
        ]

    def is_on(self, name: str, value: SwitchValue) -> bool:
        """Tell whether a switch stands at `value`."""
        return self.get(name) == value

    def text(self, name: str) -> str:
        """Return a switch's value as text."""
        return str(self.get(name))

    def number(self, name: str) -> int:
        """Return a switch's value as an integer."""
        return int(self.get(name))
