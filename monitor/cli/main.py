"""The command `monitor`: verbs, exit codes, and errors that say what to do.

Exit codes: 0 success, 1 a finding (a check, a test or a verification found something), 2 failure.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress

import typer

from monitor.bootstrap.journal import begin, fault
from monitor.bootstrap.machine import for_good
from monitor.cli.output import FAILURE, say
from monitor.domain.errors import ConfigError, FilterError, MonitorError
from monitor.settings import process_environment, read_settings

#: Modules of this package and the verbs that each adds, in the order of the help.
GROUPS: dict[str, tuple[str, ...]] = {
    "running": (
        "run", "setup", "doctor", "check", "demo", "web", "worker", "jobs", "sources", "channels",
    ),
    "asking": ("events", "search", "show", "stats", "roster"),
    "deciding": ("review", "merge", "split", "retract", "dispute", "restore-event"),
    "telling": ("digest", "subscriptions"),
    "rules": ("rules",),
    "measuring": ("detect", "ledger"),
    "keeping": ("verify", "export", "replay", "backup", "restore", "move", "publish", "backfill"),
}  # fmt: skip


def application(groups: Iterable[str] = tuple(GROUPS)) -> typer.Typer:
    """The command with the verbs of these modules."""
    made = typer.Typer(
        name="monitor",
        help="Watches what local police and ICE agree on, and tells people the day it changes.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    made.callback()(_anything)
    for name in groups:
        importlib.import_module(f"monitor.cli.{name}").register(made)
    return made


def _anything() -> None:
    """Watches what local police and ICE agree on, and tells people the day it changes."""


def groups_for(arguments: Sequence[str]) -> tuple[str, ...]:
    """The modules that this call needs: one where the verb stands first, else all of them."""
    verb = arguments[0] if arguments else ""
    return tuple(name for name, verbs in GROUPS.items() if verb in verbs) or tuple(GROUPS)


def main() -> None:
    """Run one verb; errors of the program end in one clear message, never in a traceback."""
    try:
        with suppress(ConfigError):  # the verb that needs them says what is wrong
            begin(read_settings(process_environment()))
        _quickly(sys.argv[1:])()
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
    except Exception as error:  # the boundary: a fault of ours, told with where it happened
        fault(say, f"{type(error).__name__}: {error}", error)
        sys.exit(FAILURE)
    except KeyboardInterrupt:
        say("stopped")
        sys.exit(130)


def _quickly(arguments: Sequence[str]) -> typer.Typer:
    """The application for this call."""
    with for_good(begins=True):
        return application(groups_for(arguments))


def __getattr__(name: str) -> typer.Typer:
    """`app`, the whole command, made when first asked for."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = made = application()
    return made
