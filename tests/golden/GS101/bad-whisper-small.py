import modal

app = modal.App("notes")


@app.function(gpu="A100-80GB", image=modal.Image.debian_slim().pip_install("openai-whisper==20240930"))
def transcribe(path: str) -> str:
    import whisper

    return whisper.load_model("medium.en").transcribe(path)["text"]
