"""The provincial online system, by its carriers."""
