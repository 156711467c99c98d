"""`monitor setup`: a few questions whose answers go to monitor.env in the data directory."""

from __future__ import annotations

import secrets
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from monitor.cli.output import say
from monitor.settings import ENV_FILE, process_environment, read_settings, write_env_file


def ask() -> None:
    """Ask, check what can be checked, write the file readable by this user only."""
    settings = read_settings(process_environment())
    say("Empty answers leave a setting as it is. Everything can be changed later by asking again.")
    answers = {
        "MONITOR_CONTACT": _asked(
            "Address or page by which a site can reach you", settings.get("MONITOR_CONTACT")
        ),
        "MONITOR_TIME_ZONE": _zone(settings.get("MONITOR_TIME_ZONE")),
    }
    if typer.confirm("Send to Slack?", default=bool(settings.secret("MONITOR_SLACK_TOKEN"))):
        answers |= _slack()
    if typer.confirm("Send mail?", default=bool(settings.get("MONITOR_SMTP_HOST"))):
        answers |= _mail(settings.get("MONITOR_SMTP_HOST"))
    answers["MONITOR_ADMINS"] = _asked(
        "Your mail address, for the pages on health and review (role admin), or empty",
        settings.get("MONITOR_ADMINS"),
    )
    if not settings.secret("MONITOR_SECRET"):
        answers["MONITOR_SECRET"] = secrets.token_urlsafe(32)
    path = settings.data_dir / ENV_FILE
    write_env_file(path, answers)
    say(f"written to {path}, readable by you alone")
    say("next: `monitor channels test slack` or `monitor channels test email`, then `make run`")
    if answers["MONITOR_ADMINS"]:
        say("`monitor web --login ADDRESS` prints a link that signs you in, good once")


def _slack() -> dict[str, str]:
    say("Create the app from deploy/slack-manifest.yaml, install it, and copy its tokens.")
    return {
        "MONITOR_SLACK_TOKEN": _hidden("Bot token (xoxb-…), or empty for an incoming webhook"),
        "MONITOR_SLACK_APP_TOKEN": _hidden("App token (xapp-…) for commands and buttons, or empty"),
        "MONITOR_SLACK_WEBHOOK": _hidden("Incoming webhook, or empty"),
        "MONITOR_SLACK_CHANNEL": _asked("Channel id for alerts (C…)", ""),
    }


def _mail(host: str) -> dict[str, str]:
    return {
        "MONITOR_SMTP_HOST": _asked("Mail server", host),
        "MONITOR_SMTP_PORT": _asked("Port", "587"),
        "MONITOR_SMTP_SECURITY": _asked("Security: starttls, tls or none", "starttls"),
        "MONITOR_SMTP_USER": _asked("Login, or empty", ""),
        "MONITOR_SMTP_PASSWORD": _hidden("Password, or empty"),
        "MONITOR_MAIL_FROM": _asked("Sender address", ""),
        "MONITOR_MAIL_TO": _asked("Recipient of the weekly digest", ""),
    }


def _asked(question: str, default: str) -> str:
    return str(typer.prompt(question, default=default, show_default=bool(default))).strip()


def _hidden(question: str) -> str:
    return str(typer.prompt(question, default="", hide_input=True, show_default=False)).strip()


def _zone(default: str) -> str:
    while True:
        name = _asked("Time zone of digests", default)
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            say(f"{name!r} is no IANA time zone; for example America/Chicago")
        else:
            return name
