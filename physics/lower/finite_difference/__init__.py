"""PDEs on nodes: generated stencils, walls that slave their nodes, and stable steps."""
