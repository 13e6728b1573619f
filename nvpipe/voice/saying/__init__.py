"""Text as people say it: numbers, money, dates, units, names and addresses."""
