"""`python -m nvpipe`."""

from nvpipe.cli import main

main()
