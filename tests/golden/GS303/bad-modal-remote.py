import modal

app = modal.App("asr")


@app.function(gpu="L4", image=modal.Image.debian_slim().pip_install("faster-whisper==1.1.0"))
def transcribe(name: str) -> str:
    from faster_whisper import WhisperModel

    model = WhisperModel("large-v3", device="cuda")
    return " ".join(s.text for s in model.transcribe(name)[0])


@app.local_entrypoint()
def main():
    for name in open("names.txt"):
        print(transcribe.remote(name.strip()))
