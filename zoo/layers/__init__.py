"""Layers and readings that several families share."""
