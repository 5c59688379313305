"""Time integration: ODEs and maps here, on Diffrax and `lax.scan`."""
