"""The language equations are written in: text to tokens to derivatives to expressions."""
