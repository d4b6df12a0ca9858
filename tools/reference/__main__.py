"""Write every page and module that follows from the code and the schemas."""

from pathlib import Path

from gpuspec.cli.run_lint import write
from tools.reference.pages import pages

ROOT = Path(__file__).parents[2]

for name, text in pages().items():
    write(text, str(ROOT / name))
