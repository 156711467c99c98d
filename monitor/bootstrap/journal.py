"""What this process writes about itself on standard error: lines for people, or JSON lines.

With MONITOR_LOG=json every line is one object: what the program says, what libraries log and warn
of, and exceptions that nobody caught. Values of secrets never stand in a line.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, TextIO
from urllib.parse import quote, quote_plus, unquote, urlsplit

from monitor.domain.errors import MonitorError

if TYPE_CHECKING:
    from monitor.settings import Settings

#: The program's own lines; libraries log under their own names.
PROGRAM = "monitor"
#: Shorter values would blank out ordinary words.
LEAST_SECRET = 6
REDACTED = "[secret]"
#: A line's text ends here; a library may log a whole response.
MAX_CHARS = 16_000

_About = tuple[tuple[str, str], ...]
_ABOUT: ContextVar[_About] = ContextVar("about", default=())


@contextmanager
def about(**named: str) -> Iterator[None]:
    """What lines of this thread are about meanwhile: `source`, `job`, `kind` …; `level` is theirs
    instead of their own."""
    token = _ABOUT.set(tuple((dict(_ABOUT.get()) | named).items()))
    try:
        yield
    finally:
        _ABOUT.reset(token)


class Redaction:
    """Takes the values of secrets out of a text, also where they stand encoded in an address."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """`secrets` are the values; of an address with a password that password counts as well."""
        values = {value for secret in secrets for value in _forms(secret)}
        self._values = sorted(values, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without them."""
        for value in self._values:
            text = text.replace(value, REDACTED)
        return text


def _forms(secret: str) -> Iterator[str]:
    parts = [secret]
    if "://" in secret:
        try:
            password = urlsplit(secret).password or ""
        except ValueError:
            password = ""
        parts += [password, unquote(password)]
    for part in parts:
        if len(part) >= LEAST_SECRET:
            yield from (part, quote(part), quote(part, safe=""), quote_plus(part))
            yield from (json.dumps(part)[1:-1], repr(part)[1:-1])


class Lines:
    """A record as one line: JSON, or the message for a person."""

    def __init__(self, *, as_json: bool, redact: Redaction) -> None:
        self._as_json = as_json
        self._redact = redact

    def line(self, record: logging.LogRecord) -> str:
        """One line without line breaks; a person gets a library's traceback below it."""
        message, trace = _message(record), _trace(record)
        if not self._as_json:
            named = message if record.name == PROGRAM else f"{record.name}: {message}"
            return self._redact("\n".join(filter(None, (printable(named), trace))))
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message,
            **dict(_ABOUT.get()),
            **_job(record),
        }
        if trace:
            line["exception"] = trace
        return json.dumps({name: self._redact(value) for name, value in line.items()})


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()[:MAX_CHARS]
    except (TypeError, ValueError):  # a library's wrong format costs the arguments, not the line
        return str(record.msg)[:MAX_CHARS]


def _trace(record: logging.LogRecord) -> str:
    if not record.exc_info or record.exc_info[1] is None:
        return ""
    return "".join(traceback.format_exception(*record.exc_info)).rstrip()[-MAX_CHARS:]


def _job(record: logging.LogRecord) -> Mapping[str, str]:
    """The job that the queue's own lines are about."""
    job = getattr(record, "job", None)
    if not isinstance(job, Mapping):
        return {}
    return {"job": str(job.get("task_name", "")), "job_id": str(job.get("id", ""))}


def printable(text: str) -> str:
    """The text without control characters: captured words must not drive a terminal."""
    return "".join(c if c.isprintable() or c == " " else " " for c in text)


class Journal(logging.Handler):
    """Writes the lines, whole and one after the other whatever threads do."""

    def __init__(self, *, as_json: bool, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._lines = Lines(as_json=as_json, redact=Redaction(secrets))

    def emit(self, record: logging.LogRecord) -> None:
        """One line on standard error as it is now; nobody is left to tell when that fails."""
        try:
            stream: TextIO = sys.stderr
            stream.write(self._lines.line(record) + "\n")
            stream.flush()
        except (OSError, ValueError):  # closed at the other end
            return

    def say(self, text: str, level: int = logging.INFO, error: BaseException | None = None) -> None:
        """A line of the program itself; `error` brings its traceback."""
        thrown = (type(error), error, error.__traceback__) if error is not None else None
        self.handle(logging.LogRecord(PROGRAM, level, "", 0, text, None, thrown))


def begin(settings: Settings) -> Journal:
    """From now on all that this process writes goes through one journal. Called once, by main."""
    secrets = [secret.reveal() for secret in settings.secrets.values()]
    as_json = settings.get("MONITOR_LOG") == "json"
    journal = Journal(as_json=as_json, secrets=secrets)
    root = logging.getLogger()
    root.handlers[:] = [journal]
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)
    _catch_the_rest(journal)
    return journal


def present() -> Journal | None:
    """The journal of this process, None before begin()."""
    found = (h for h in logging.getLogger().handlers if isinstance(h, Journal))
    return next(found, None)


def fault(say: Callable[[str], None], words: str, error: Exception) -> None:
    """Say that a job failed; the journal adds where, unless the error says all there is to say."""
    journal = present()
    if journal is None:
        say(words)
        return
    journal.say(words, logging.ERROR, None if isinstance(error, MonitorError) else error)


def _catch_the_rest(journal: Journal) -> None:
    """What nobody caught is a line as well, not a traceback over many."""

    def uncaught(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        journal.say(f"not caught: {kind.__name__}: {error}", logging.CRITICAL, error)

    def in_thread(thrown: threading.ExceptHookArgs) -> None:
        name = thrown.thread.name if thrown.thread else "a thread"
        words = f"not caught in {name}: {thrown.exc_type.__name__}: {thrown.exc_value}"
        journal.say(words, logging.ERROR, thrown.exc_value)

    def unraisable(thrown: sys.UnraisableHookArgs) -> None:
        words = f"{thrown.err_msg or 'not raised'}: {thrown.exc_value!r}"
        journal.say(words, logging.ERROR, thrown.exc_value)

    sys.excepthook, threading.excepthook, sys.unraisablehook = uncaught, in_thread, unraisable
