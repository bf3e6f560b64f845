"""Ratios, measured within one run: ``make bench``. No test depends on what is here."""
