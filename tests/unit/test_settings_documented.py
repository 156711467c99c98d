"""Every setting is documented, secrets stay hidden, and the file of settings is private."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from monitor.domain.errors import ConfigError
from monitor.settings import ENV_FILE, VARIABLES, read_settings, write_env_file

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


def test_the_table_of_settings_is_the_one_in_the_code():
    text = OPERATIONS.read_text(encoding="utf-8")
    for name, (default, purpose) in VARIABLES.items():
        shown = f"`{default}`" if default else ""
        assert f"| `{name}` | {shown} | {purpose} |" in text


def test_secrets_show_in_no_repr():
    settings = read_settings(
        {"MONITOR_SLACK_TOKEN": "xoxb-canary", "MONITOR_SMTP_PASSWORD": "canary", "X_KEY": "canary"}
    )
    assert "canary" not in repr(settings)
    assert "canary" not in repr(dict(settings.secrets))
    assert settings.secret("MONITOR_SLACK_TOKEN").reveal() == "xoxb-canary"


def test_the_file_is_private_and_the_environment_wins(tmp_path: Path):
    write_env_file(tmp_path / ENV_FILE, {"MONITOR_CONTACT": "a@example.org", "MONITOR_SECRET": "s"})
    write_env_file(tmp_path / ENV_FILE, {"MONITOR_CONTACT": "b@example.org"})
    assert stat.S_IMODE((tmp_path / ENV_FILE).stat().st_mode) == 0o600
    settings = read_settings({"MONITOR_DATA_DIR": str(tmp_path)})
    assert settings.get("MONITOR_CONTACT") == "b@example.org"
    assert settings.secret("MONITOR_SECRET").reveal() == "s"
    over = read_settings({"MONITOR_DATA_DIR": str(tmp_path), "MONITOR_CONTACT": "c@example.org"})
    assert over.get("MONITOR_CONTACT") == "c@example.org"


def test_a_damaged_file_names_its_line(tmp_path: Path):
    (tmp_path / ENV_FILE).write_text("MONITOR_CONTACT=a\nwhat is this\n")
    with pytest.raises(ConfigError, match=r"monitor\.env:2"):
        read_settings({"MONITOR_DATA_DIR": str(tmp_path)})
