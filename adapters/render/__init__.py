"""The report in the forms people read."""
