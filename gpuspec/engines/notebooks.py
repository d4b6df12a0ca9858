"""What serves people instead of programs: notebooks and web interfaces. They hold no weights of their own."""

from gpuspec.engines.tool import Tool

_NOTEBOOK = Tool(None, "interactive")
PROGRAMS: dict[tuple[str, ...], Tool] = {
    ("jupyter", "lab"): _NOTEBOOK,
    ("jupyter", "notebook"): _NOTEBOOK,
    ("jupyter-lab",): _NOTEBOOK,
    ("jupyter-notebook",): _NOTEBOOK,
    ("-m", "jupyterlab"): _NOTEBOOK,
    ("-m", "jupyter", "lab"): _NOTEBOOK,
    ("code-server",): _NOTEBOOK,
    ("streamlit", "run"): _NOTEBOOK,
    ("gradio",): _NOTEBOOK,
    ("open-webui", "serve"): _NOTEBOOK,
}
