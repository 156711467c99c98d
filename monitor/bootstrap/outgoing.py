"""Channels and their options, from the settings; the closed list of hosts we send to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pydantic import SecretStr, ValidationError

from monitor.domain.errors import ConfigError
from monitor.ports import Channel, Clock
from monitor.settings import Settings
from monitor.stores import Store

if TYPE_CHECKING:
    from monitor.egress.imap import Account
    from monitor.notify.personal import Correspondence
    from monitor.services.deliver import Deliver
    from monitor.services.returned import ReturnedMail


def open_channels(settings: Settings) -> dict[str, Channel]:
    """The channels that are configured, by name. Raises ConfigError for wrong settings."""
    from monitor.channels import file, stdout

    channels: dict[str, Channel] = {
        "file": file.KIND.open(file.FileOptions(directory=settings.data_dir / "outgoing")),
        "stdout": stdout.KIND.open(stdout.StdoutOptions()),
    }
    opened = (_webhook(settings), _slack(settings), _email(settings))
    return channels | {channel.name: channel for channel in opened if channel is not None}


def _webhook(settings: Settings) -> Channel:
    from monitor.channels import webhook

    return webhook.KIND.open(
        webhook.WebhookOptions(
            secret=SecretStr(settings.secret("MONITOR_WEBHOOK_SECRET").reveal()),
            allow_networks=settings.list("MONITOR_ALLOW_NETWORKS"),
        )
    )


def _slack(settings: Settings) -> Channel | None:
    from monitor.channels import slack

    token = settings.secret("MONITOR_SLACK_TOKEN")
    hook = settings.secret("MONITOR_SLACK_WEBHOOK")
    if not (token or hook):
        return None
    try:
        options = slack.SlackOptions.model_validate(
            {
                "token": token.reveal(),
                "webhook_url": hook.reveal(),
                "api_url": settings.get("MONITOR_SLACK_API"),
                "buttons": answers_clicks(settings),
                "on_unknown": settings.get("MONITOR_SLACK_ON_UNKNOWN"),
            }
        )
    except ValidationError as error:
        raise _wrong("the Slack settings (MONITOR_SLACK_…)", error) from error
    return slack.KIND.open(options)


def answers_clicks(settings: Settings) -> bool:
    """Whether somebody listens to buttons: Socket Mode, or HTTP with a signing secret."""
    ways = ("MONITOR_SLACK_APP_TOKEN", "MONITOR_SLACK_SIGNING_SECRET")
    return any(settings.secret(name) for name in ways)


def _wrong(what: str, error: ValidationError) -> ConfigError:
    """What is wrong with settings, never their values: one of them may be a secret."""
    problems = tuple(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    return ConfigError(f"{what} are wrong", problems)


def _email(settings: Settings) -> Channel | None:
    from monitor.channels import email

    if not settings.get("MONITOR_SMTP_HOST"):
        return None
    try:
        options = email.EmailOptions.model_validate(
            {
                "host": settings.get("MONITOR_SMTP_HOST"),
                "port": settings.get("MONITOR_SMTP_PORT"),
                "security": settings.get("MONITOR_SMTP_SECURITY"),
                "user": settings.get("MONITOR_SMTP_USER"),
                "password": settings.secret("MONITOR_SMTP_PASSWORD").reveal(),
                "ca_file": settings.get("MONITOR_SMTP_CA") or None,
                "sender": settings.get("MONITOR_MAIL_FROM"),
                "bounce_address": settings.get("MONITOR_MAIL_BOUNCE"),
            }
        )
    except ValidationError as error:
        raise _wrong("the mail settings (MONITOR_SMTP_…, MONITOR_MAIL_…)", error) from error
    return email.KIND.open(options)


def returned_mail(settings: Settings, store: Store, clock: Clock) -> ReturnedMail | None:
    """The job that reads bounces, None without a mailbox. Raises ConfigError for wrong settings."""
    from monitor.channels import mailbox
    from monitor.services.returned import Place, ReturnedMail

    if not settings.get("MONITOR_IMAP_HOST"):
        return None
    try:
        options = mailbox.MailboxOptions.model_validate(
            {
                "host": settings.get("MONITOR_IMAP_HOST"),
                "port": settings.get("MONITOR_IMAP_PORT"),
                "security": settings.get("MONITOR_IMAP_SECURITY"),
                "user": settings.get("MONITOR_IMAP_USER"),
                "password": settings.secret("MONITOR_IMAP_PASSWORD").reveal(),
                "folder": settings.get("MONITOR_IMAP_FOLDER"),
                "ca_file": settings.get("MONITOR_IMAP_CA") or None,
            }
        )
    except ValidationError as error:
        raise _wrong("the mailbox settings (MONITOR_IMAP_…)", error) from error

    def read_new(after: Place, take: Callable[[bytes, Place], bool]) -> int:
        position = mailbox.Position(validity=after[0], uid=after[1])
        return mailbox.read_new(options, position, lambda raw, at: take(raw, (at.validity, at.uid)))

    return ReturnedMail(store, clock, read_new, settings.secret("MONITOR_SECRET").reveal())


def lists_mailbox(settings: Settings) -> Account | None:
    """The mailbox that mailing lists write to, None without one. Raises ConfigError."""
    if not settings.get("MONITOR_LISTS_HOST"):
        return None
    from monitor.egress.imap import Account

    try:
        return Account.model_validate(
            {
                "host": settings.get("MONITOR_LISTS_HOST"),
                "port": settings.get("MONITOR_LISTS_PORT"),
                "security": settings.get("MONITOR_LISTS_SECURITY"),
                "user": settings.get("MONITOR_LISTS_USER"),
                "password": settings.secret("MONITOR_LISTS_PASSWORD").reveal(),
                "ca_file": settings.get("MONITOR_LISTS_CA") or None,
            }
        )
    except ValidationError as error:
        raise _wrong("the settings of the lists' mailbox (MONITOR_LISTS_…)", error) from error


def correspondence(settings: Settings) -> Correspondence:
    """What personal links are made of."""
    from monitor.notify.message import Links
    from monitor.notify.personal import Correspondence

    return Correspondence(
        links=Links(base_url=settings.get("MONITOR_BASE_URL")),
        secret=settings.secret("MONITOR_SECRET").reveal(),
        mail_from=settings.get("MONITOR_MAIL_FROM"),
    )


def operator_of(settings: Settings) -> tuple[str, str] | None:
    """(channel, destination) of operator notices, None when nobody is named."""
    channel, separator, destination = settings.get("MONITOR_OPERATOR").partition(":")
    if not channel:
        return None
    if not separator or not destination:
        raise ConfigError("MONITOR_OPERATOR must be channel:destination, e.g. email:me@x.org")
    return channel, destination


def deliver_service(
    settings: Settings, store: Store, channels: Mapping[str, Channel], clock: Clock
) -> Deliver:
    """The outbox loop over the configured channels."""
    from monitor.services.composition import Composition
    from monitor.services.deliver import Deliver, DeliveryPolicy

    return Deliver(
        store,
        channels,
        Composition(store, correspondence(settings)),
        clock,
        DeliveryPolicy(operator=operator_of(settings)),
    )
