"""Slots of a finding: agency, place, model, bill, amount."""
