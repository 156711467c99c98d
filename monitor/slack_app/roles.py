"""Who may do what in Slack: one table of actions, one map of people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from monitor.domain.subscription import Subscription


class SlackRole(IntEnum):
    """What somebody may do; each includes the one before."""

    STRANGER = 0  #: another workspace, or a channel that is not allowed
    MEMBER = 1  #: read, subscribe, change own subscriptions, acknowledge
    EDITOR = 2  #: label documents, change the subscriptions of channels
    ADMIN = 3  #: change everybody's subscriptions


#: Role by action; an action that is not listed is nobody's.
NEEDED = {
    "read": SlackRole.MEMBER,
    "subscribe": SlackRole.MEMBER,
    "acknowledge": SlackRole.MEMBER,
    "change_own": SlackRole.MEMBER,
    "change_channel": SlackRole.EDITOR,
    "label": SlackRole.EDITOR,
    "change_any": SlackRole.ADMIN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleMap:
    """People by role. Without `teams` every workspace that the app is installed in may use it."""

    editors: frozenset[str] = frozenset()  #: user ids
    admins: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()  #: where commands are answered; none: everywhere

    def role(self, user: str, team: str, channel: str = "") -> SlackRole:
        """The role of a person who speaks in a channel of a workspace."""
        if not user or (self.teams and team not in self.teams):
            return SlackRole.STRANGER
        private = channel.startswith("D") or not channel
        if self.channels and not private and channel not in self.channels:
            return SlackRole.STRANGER
        if user in self.admins:
            return SlackRole.ADMIN
        return SlackRole.EDITOR if user in self.editors else SlackRole.MEMBER


def may(role: SlackRole, action: str) -> bool:
    """Whether the role is enough for the action."""
    needed = NEEDED.get(action)
    return needed is not None and role >= needed


def may_change(role: SlackRole, user: str, subscription: Subscription) -> bool:
    """Whether somebody may pause, snooze or end this subscription."""
    if may(role, "change_any"):
        return True
    if subscription.made_by == f"slack:{user}" or subscription.destination == user:
        return may(role, "change_own")
    in_slack = subscription.channel == "slack" and subscription.destination.startswith(("C", "G"))
    return in_slack and may(role, "change_channel")
