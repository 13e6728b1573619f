"""Whether a line says what the sentences that it cites say."""
