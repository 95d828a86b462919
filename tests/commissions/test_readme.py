"""The example of the engine's own README runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import commissions

README = Path(commissions.__file__).parent / "README.md"


def test_the_example_runs() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert len([line for line in example.splitlines() if line]) <= 40

    names: dict[str, object] = {}
    exec(compile(example, str(README), "exec"), names)  # noqa: S102 - our own page

    names["engine"].dispose()  # type: ignore[attr-defined]
