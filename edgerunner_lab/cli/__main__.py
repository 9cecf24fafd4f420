"""`python -m edgerunner_lab.cli`: the command `edgerunner`."""

from edgerunner_lab.cli import main

raise SystemExit(main())
