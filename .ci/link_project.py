"""Make `engine` and `pipelines` importable, and `basis` callable, in the environment that runs this.

A path file and a three-line script instead of an editable install: that would download a build backend
outside the locked set.
"""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

Path(sysconfig.get_path("purelib"), "basis.pth").write_text(f"{ROOT}\n", encoding="utf-8")
script = Path(sysconfig.get_path("scripts"), "basis")
script.write_text(
    f"#!{sys.executable}\nimport sys\n\nfrom pipelines.cli import main\n\nsys.exit(main())\n", encoding="utf-8"
)
script.chmod(0o755)
