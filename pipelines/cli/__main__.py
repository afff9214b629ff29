"""`python -m pipelines.cli`, for environments without the `basis` script."""

import sys

from pipelines.cli import main

sys.exit(main())
