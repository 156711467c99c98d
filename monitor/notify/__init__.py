"""Who hears what, in which words; pure."""
