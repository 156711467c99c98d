"""Delivery status notifications as mail servers send them (RFC 3464)."""

from __future__ import annotations


def status_notice(delivery_id: str, status: str, action: str = "failed", to: str = "") -> bytes:
    """A mail that says what became of a delivery; `to` is the return path it comes to."""
    return (
        f"From: MAILER-DAEMON@example.net\r\nTo: {to or 'monitor@example.org'}\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry: 5.0.0 in prose means nothing.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example.net\r\n\r\n"
        f"Final-Recipient: rfc822; reader@example.org\r\nAction: {action}\r\n"
        f"Status: {status}\r\n\r\n"
        "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: <{delivery_id}@example.org>\r\nSubject: x\r\n\r\n--b--\r\n"
    ).encode()
