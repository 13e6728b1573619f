"""What is usable on this machine, what is not and why, and what helps."""
