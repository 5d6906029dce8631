"""`python -m syncengine` is the `sync` command."""

import sys

from syncengine.cli import main

sys.exit(main())
