"""Containers: bytes in, an inert structure out; none of them knows what a network is."""
