"""One file per released checkpoint: how its weights were made, re-runnable by `zoo train NAME`."""
