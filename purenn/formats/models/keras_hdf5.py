"""Keras's HDF5 files: whole models as .h5, and .weights.h5 without an architecture."""

from .keras import read_hdf5 as read

__all__ = ["read"]
