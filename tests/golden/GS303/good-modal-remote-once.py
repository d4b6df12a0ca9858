import modal

app = modal.App("asr")


@app.function(gpu="L4", image=modal.Image.debian_slim().pip_install("faster-whisper==1.1.0"))
def transcribe(names: list[str]) -> list[str]:
    from faster_whisper import WhisperModel

    model = WhisperModel("large-v3", device="cuda")
    return [" ".join(s.text for s in model.transcribe(name)[0]) for name in names]


@app.local_entrypoint()
def main():
    print(transcribe.remote([name.strip() for name in open("names.txt")]))
