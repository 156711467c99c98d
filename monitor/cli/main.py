"""The command `monitor`: verbs, exit codes, and errors that say what to do.

Exit codes: 0 success, 1 a finding (a check, a test or a verification found something), 2 failure.
"""

from __future__ import annotations

import sys

import typer

from monitor.cli import asking, deciding, keeping, measuring, rules, running, telling
from monitor.cli.output import FAILURE, say
from monitor.domain.errors import ConfigError, FilterError, MonitorError

app = typer.Typer(
    name="monitor",
    help="Watches what local police and ICE agree on, and tells people the day it changes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for group in (running, asking, deciding, telling, rules, measuring, keeping):
    group.register(app)


def main() -> None:
    """Run one verb; errors of the program end in one clear message, never in a traceback."""
    try:
        app()
    except FilterError as error:
        say(f"filter: {error} (at position {error.position + 1})")
        if error.suggestion and "did you mean" not in str(error):
            say(f"did you mean {error.suggestion!r}?")
        sys.exit(FAILURE)
    except MonitorError as error:
        named = "" if isinstance(error, ConfigError) else f"{type(error).__name__}: "
        for line in f"{named}{error}".splitlines():
            say(line)
        sys.exit(FAILURE)
    except KeyboardInterrupt:
        say("stopped")
        sys.exit(130)
