import modal

image = modal.Image.debian_slim().apt_install("ffmpeg").pip_install("openai-whisper==20240930")
app = modal.App("whisper")
cache = modal.Volume.from_name("whisper-cache", create_if_missing=True)


@app.cls(gpu="H100", image=image, volumes={"/root/.cache/whisper": cache}, scaledown_window=60, timeout=1800)
class Whisper:
    @modal.enter()
    def load(self):
        import whisper
        self.model = whisper.load_model("small")

    @modal.method()
    def transcribe(self, data: bytes) -> str:
        open("/tmp/a.mp3", "wb").write(data)
        return self.model.transcribe("/tmp/a.mp3")["text"]
