"""What serves people instead of programs: notebooks and web interfaces; and what works off a queue. They hold no
weights of their own."""

from gpuspec.engines.tool import Tool

_COMMANDS = (
    "jupyter lab", "jupyter notebook", "jupyter-lab", "jupyter-notebook", "-m jupyterlab", "-m jupyter lab",
    "code-server", "streamlit run", "gradio", "open-webui serve",
)  # fmt: skip
_WORKERS = ("celery", "-m celery", "rq worker", "dramatiq", "arq")
"""Of a queue: Celery, RQ, Dramatiq, ARQ. On a GPU they are never the part that only hands out work."""
PROGRAMS = {
    **{tuple(command.split()): Tool(None, "interactive") for command in _COMMANDS},
    **{tuple(command.split()): Tool(None, "batch") for command in _WORKERS},
}
