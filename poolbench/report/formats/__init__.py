"""Tables and numbers as text and files: one file per format."""
