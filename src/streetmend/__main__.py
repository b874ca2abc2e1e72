"""`python -m streetmend` is the console script."""

from streetmend.cli import main

if __name__ == "__main__":
    main()
