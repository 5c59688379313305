"""The families: one file or folder each; the name of the file is the name of the family."""
