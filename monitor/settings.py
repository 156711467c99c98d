"""Settings: the environment and the file written by `monitor setup`, typed; secrets stay secret.

The closed list of hosts that do not come from outside (Slack, SMTP, mailbox, database) is here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from monitor.domain.errors import ConfigError

ENV_FILE = "monitor.env"

#: Every variable the program reads: name -> (default, what it is for). docs/operations.md shows it.
VARIABLES: dict[str, tuple[str, str]] = {
    "MONITOR_DATA_DIR": ("./var", "directory of database, archive, outgoing files and settings"),
    "MONITOR_DATABASE_URL": ("", "postgresql://… ; empty: SQLite in the data directory"),
    "MONITOR_FEEDS": ("./feeds.yaml", "the catalogue of sources, own rules and subscriptions"),
    "MONITOR_RULES": ("", "directory of rule packs beside the shipped one"),
    "MONITOR_CONTACT": (
        "",
        "address or page named in the User-Agent, so that a site can reach you",
    ),
    "MONITOR_LISTEN": ("127.0.0.1:8287", "address and port of the pages"),
    "MONITOR_BASE_URL": ("", "public https address of the pages; needed to listen publicly"),
    "MONITOR_SECRET": ("", "signs links in mails and logins; needed to listen publicly"),
    "MONITOR_HOSTS": ("", "further Host names that the pages answer to, comma separated"),
    "MONITOR_TRUSTED_PROXIES": ("", "addresses whose user header is believed, comma separated"),
    "MONITOR_CORS": ("", "origins whose pages may read the public event routes, comma separated"),
    "MONITOR_READERS": ("", "mail addresses with the role reader, comma separated"),
    "MONITOR_EDITORS": ("", "mail addresses with the role editor, comma separated"),
    "MONITOR_ADMINS": ("", "mail addresses with the role admin, comma separated"),
    "MONITOR_TIME_ZONE": ("America/New_York", "zone of digests that name none"),
    "MONITOR_ALLOW_NETWORKS": ("", "private networks that sources may use, comma separated CIDR"),
    "MONITOR_WORKERS": ("2", "number of extraction processes"),
    "MONITOR_BODY_MEMORY_MB": ("32", "memory that all answers under way may take together"),
    "MONITOR_DEMO": ("", "1 marks every page and message DEMO"),
    "MONITOR_LOG": ("", "json writes messages on standard error as JSON lines"),
    "MONITOR_OPERATOR": ("", "channel:destination that gets health notices, e.g. email:me@x.org"),
    "MONITOR_SLACK_TOKEN": ("", "Slack bot token (xoxb-…)"),
    "MONITOR_SLACK_APP_TOKEN": ("", "Slack app token (xapp-…) for Socket Mode"),
    "MONITOR_SLACK_SIGNING_SECRET": ("", "Slack signing secret, for HTTP instead of Socket Mode"),
    "MONITOR_SLACK_WEBHOOK": ("", "incoming webhook, instead of a bot token"),
    "MONITOR_SLACK_API": ("https://slack.com/api/", "Slack API address"),
    "MONITOR_SLACK_CHANNEL": ("", "default channel id of seeded subscriptions"),
    "MONITOR_SLACK_EDITORS": ("", "Slack user ids with the role editor, comma separated"),
    "MONITOR_SLACK_ADMINS": ("", "Slack user ids with the role admin, comma separated"),
    "MONITOR_SLACK_TEAMS": ("", "workspaces that are answered, comma separated; empty: all"),
    "MONITOR_SLACK_CHANNELS": ("", "channels where commands are answered, comma separated"),
    "MONITOR_SLACK_ON_UNKNOWN": ("hold", "incoming webhook, answer lost: hold or resend"),
    "MONITOR_SMTP_HOST": ("", "mail server"),
    "MONITOR_SMTP_PORT": ("587", "its port"),
    "MONITOR_SMTP_USER": ("", "login, if it wants one"),
    "MONITOR_SMTP_PASSWORD": ("", "password of that login"),
    "MONITOR_SMTP_SECURITY": ("starttls", "starttls, tls or none (none: loopback only)"),
    "MONITOR_SMTP_CA": ("", "file of the CA that signed the mail server's certificate"),
    "MONITOR_MAIL_FROM": ("", "sender address of alerts and digests"),
    "MONITOR_MAIL_BOUNCE": ("", "return address of mails; the delivery's id is added before the @"),
    "MONITOR_IMAP_HOST": ("", "server of the mailbox with bounces and unsubscribe mails"),
    "MONITOR_IMAP_PORT": ("993", "its port"),
    "MONITOR_IMAP_USER": ("", "login of that mailbox"),
    "MONITOR_IMAP_PASSWORD": ("", "password of that login"),
    "MONITOR_IMAP_FOLDER": ("INBOX", "folder that is read"),
    "MONITOR_IMAP_SECURITY": ("tls", "tls, starttls or none (none: loopback only)"),
    "MONITOR_IMAP_CA": ("", "file of the CA that signed the mailbox server's certificate"),
    "MONITOR_LISTS_HOST": ("", "server of the mailbox that agencies' mailing lists write to"),
    "MONITOR_LISTS_PORT": ("993", "its port"),
    "MONITOR_LISTS_USER": ("", "login of that mailbox"),
    "MONITOR_LISTS_PASSWORD": ("", "password of that login"),
    "MONITOR_LISTS_SECURITY": ("tls", "tls, starttls or none (none: loopback only)"),
    "MONITOR_LISTS_CA": ("", "file of the CA that signed that server's certificate"),
    "MONITOR_MAIL_TO": ("", "default recipient of seeded subscriptions"),
    "MONITOR_WEBHOOK_SECRET": ("", "signs webhook bodies (HMAC-SHA256)"),
}

_SECRET_WORDS = ("TOKEN", "SECRET", "PASSWORD", "KEY", "WEBHOOK", "DATABASE_URL")


class Secret:
    """A value that no repr, log or error shows."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value, for the one place that sends it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __repr__(self) -> str:
        return "Secret(set)" if self._value else "Secret(empty)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings; `values` are plain, `secrets` (tokens, passwords, keys) are never shown."""

    data_dir: Path
    feeds: Path
    values: Mapping[str, str] = field(repr=False)
    secrets: Mapping[str, Secret] = field(repr=False)

    def get(self, name: str) -> str:
        """A plain setting by its variable's name; its default when unset."""
        return self.values.get(name) or VARIABLES[name][0]

    def secret(self, name: str) -> Secret:
        """A secret by its variable's name; empty when unset."""
        return self.secrets.get(name, Secret(""))

    def list(self, name: str) -> tuple[str, ...]:
        """A comma-separated setting as its parts."""
        return tuple(part.strip() for part in self.get(name).split(",") if part.strip())

    @property
    def database_url(self) -> str:
        """The database address; SQLite in the data directory unless configured."""
        url = self.secret("MONITOR_DATABASE_URL").reveal()
        return url or f"sqlite:///{(self.data_dir / 'monitor.sqlite').resolve()}"

    @property
    def listen(self) -> tuple[str, int]:
        """Host and port of the pages. Raises ConfigError when it is not host:port."""
        host, _, port = self.get("MONITOR_LISTEN").rpartition(":")
        if not host or not port.isdigit():
            raise ConfigError(
                "MONITOR_LISTEN must be host:port, for example 127.0.0.1:8287; "
                f"it is {self.get('MONITOR_LISTEN')!r}"
            )
        return host.strip("[]"), int(port)

    @property
    def demo(self) -> bool:
        """Whether everything shown is marked DEMO."""
        return self.get("MONITOR_DEMO") == "1"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from an environment and the data directory's monitor.env (environment wins).

    Raises ConfigError for an unknown MONITOR_ variable in the file and an unreadable file.
    """
    data_dir = Path(environment.get("MONITOR_DATA_DIR") or VARIABLES["MONITOR_DATA_DIR"][0])
    merged = {**_read_env_file(data_dir / ENV_FILE), **environment}
    secrets = {name: Secret(value) for name, value in merged.items() if _is_secret(name)}
    values = {
        name: value
        for name, value in merged.items()
        if name.startswith("MONITOR_") and not _is_secret(name)
    }
    return Settings(
        data_dir=data_dir,
        feeds=Path(values.get("MONITOR_FEEDS") or VARIABLES["MONITOR_FEEDS"][0]),
        values=values,
        secrets=secrets,
    )


def process_environment() -> Mapping[str, str]:
    """The environment of this process."""
    return os.environ


def write_env_file(path: Path, values: Mapping[str, str]) -> None:
    """Write settings so that only this user can read them; values keep no line breaks."""
    known = {**_read_env_file(path), **{k: v for k, v in values.items() if v}}
    lines = [f"{name}={value.replace(chr(10), ' ')}" for name, value in sorted(known.items())]
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def _is_secret(name: str) -> bool:
    return any(word in name for word in _SECRET_WORDS)


def _read_env_file(path: Path) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}; fix its rights") from error
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, separator, value = line.partition("=")
        if not line.strip() or line.startswith("#"):
            continue
        if not separator:
            raise ConfigError(f"{path}:{number}: expected NAME=value, found {line[:40]!r}")
        found[name.strip()] = value.strip()
    return found
