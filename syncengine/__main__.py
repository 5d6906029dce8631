"""`python -m syncengine` is the `sync` command."""

from syncengine.cli import program

program()
