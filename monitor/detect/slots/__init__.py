"""What is named in a sentence: agencies, places, bills, amounts."""
