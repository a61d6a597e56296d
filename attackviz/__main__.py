"""Run the command line as ``python -m attackviz``."""

from .cli import main

if __name__ == "__main__":
    main()
