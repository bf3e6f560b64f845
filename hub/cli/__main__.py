"""``python -m hub.cli``: the same as ``anchorline``, also where no script is on the path."""

from hub.cli import main

if __name__ == "__main__":
    main()
