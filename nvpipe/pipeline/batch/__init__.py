"""Many jobs in one run: side by side, told of, survived."""
