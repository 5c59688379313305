"""Fields over space and time as the rows of a discovery: reading, smoothing, weak form, library."""
