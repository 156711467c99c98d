"""The command line: thin verbs over services; tables for people, JSON and CSV for programs."""
