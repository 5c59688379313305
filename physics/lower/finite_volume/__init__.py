"""Conservation laws on cells: reconstruction, wave speeds, ghost cells and numerical fluxes."""
