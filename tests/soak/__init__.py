"""The soak: real services under load while revisions are published, and a verdict on every answer."""
