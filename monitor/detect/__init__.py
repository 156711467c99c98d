"""What happened? Rules on language, text changes and table rows; pure."""
