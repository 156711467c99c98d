"""Slash command, buttons, modal and App Home on slack-bolt."""
