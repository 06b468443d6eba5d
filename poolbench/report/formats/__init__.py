"""Tables and numbers as text and files: one file a format."""
