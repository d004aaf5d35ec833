"""Real HTTP servers that answer as the providers of language models do, in each one's published format."""
