"""Pseudo-spectral lowering of periodic PDEs: from one System to a stepper in Fourier space."""
