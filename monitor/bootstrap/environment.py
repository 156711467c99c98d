"""The reference of settings, made from the table of variables: deploy/environment.md.

`python -m monitor.bootstrap.environment` prints it.
"""

from __future__ import annotations

import sys

from monitor.settings import VARIABLES

_HEAD = """\
# Settings

Read from the environment and from `monitor.env` in the data directory; the environment wins.
Names with TOKEN, SECRET, PASSWORD, KEY, WEBHOOK or DATABASE_URL are secrets: never logged, shown
or stored.

| variable | default | what for |
|---|---|---|
"""


def reference() -> str:
    """The page, Markdown."""
    rows = (
        f"| `{name}` | {f'`{default}`' if default else ''} | {what.replace('|', '&#124;')} |\n"
        for name, (default, what) in VARIABLES.items()
    )
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(reference())
