"""What serves people instead of programs: notebooks and web interfaces. They hold no weights of their own."""

from gpuspec.engines.tool import Tool

_COMMANDS = (
    "jupyter lab", "jupyter notebook", "jupyter-lab", "jupyter-notebook", "-m jupyterlab", "-m jupyter lab",
    "code-server", "streamlit run", "gradio", "open-webui serve",
)  # fmt: skip
PROGRAMS = {tuple(command.split()): Tool(None, "interactive") for command in _COMMANDS}
