"""The catalogue: one file per equation family, whose stem is the name in `physics.get`.

A file holds `system(...) -> System`; nothing else has to be edited to add one.
"""
