"""What Slack's answers mean for a delivery: 39 codes of chat.postMessage and the common ones."""

from __future__ import annotations

from monitor.domain.subscription import (
    Ambiguous,
    Gone,
    InstallBroken,
    PayloadBug,
    SendOutcome,
    Transient,
)


def _codes(words: str) -> frozenset[str]:
    return frozenset(words.split())


#: Error codes by what they ask for (docs.slack.dev, chat.postMessage and common errors).
GONE = _codes(
    """channel_not_found is_archived not_in_channel messages_tab_disabled restricted_action
    restricted_action_read_only_channel restricted_action_thread_locked
    restricted_action_non_threadable_channel restricted_action_thread_only_channel
    ekm_access_denied cannot_reply_to_message user_not_found user_disabled cannot_dm_bot
    channel_is_archived thread_not_found action_prohibited no_service no_team team_not_found
    slack_connect_canvas_sharing_blocked slack_connect_file_link_sharing_blocked
    slack_connect_lists_sharing_blocked send_on_behalf_not_allowed"""
)
BROKEN = _codes(
    """invalid_auth not_authed account_inactive token_revoked token_expired missing_scope
    not_allowed_token_type no_permission app_access_restricted team_access_not_granted
    two_factor_setup_required access_denied accesslimited invalid_token as_user_not_supported
    enterprise_is_restricted method_deprecated deprecated_endpoint"""
)
PAYLOAD = _codes(
    """invalid_blocks invalid_blocks_format invalid_arguments invalid_metadata_format
    invalid_metadata_schema metadata_too_large msg_blocks_too_long msg_too_long no_text
    too_many_attachments attachment_payload_limit_exceeded markdown_text_conflict
    metadata_must_be_sent_from_app invalid_payload invalid_arg_name invalid_array_arg
    invalid_charset invalid_form_data invalid_json json_not_object missing_post_type
    invalid_post_type missing_file_data too_many_contact_cards draft_already_deleted
    draft_already_sent draft_has_conflict draft_not_found duplicate_channel_not_found
    duplicate_message_not_found"""
)
UNCERTAIN = frozenset({"internal_error", "fatal_error", "rollup_error"})


def outcome_of(code: str, status: int = 200, retry_after: str = "") -> SendOutcome:
    """What an answer of Slack that is not "ok" means for the delivery."""
    reason = f"Slack answered {code or f'HTTP {status}'}"
    if status == 429 or code in ("ratelimited", "rate_limited"):
        return Transient(reason=reason, retry_after_s=_seconds(retry_after))
    if code in GONE:
        return Gone(reason=reason)
    if code in BROKEN:
        return InstallBroken(reason=reason)
    if code in PAYLOAD:
        return PayloadBug(reason=reason)
    if status >= 500 or code in UNCERTAIN:
        return Ambiguous(reason=reason)
    return Transient(reason=reason)


def _seconds(value: str) -> float | None:
    return float(value) if value.isdigit() else None
