"""Models: one module, or package, for each format that holds a network."""
