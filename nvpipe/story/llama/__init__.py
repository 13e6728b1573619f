"""A local language model writes the script."""
