"""``python -m purenn``."""

import sys

from .cli import main

if __name__ == "__main__":  # a process started by `evaluate --jobs` imports this file too
    sys.exit(main())
