import modal

app = modal.App("whisper-batch")

image = (
    modal.Image.debian_slim(python_version="3.11")
    .apt_install("ffmpeg")
    .pip_install("faster-whisper", "yt-dlp")
)
cache = modal.Volume.from_name("hf-cache", create_if_missing=True)


@app.cls(gpu="A10G", image=image, volumes={"/root/.cache": cache}, scaledown_window=120, max_containers=8)
class Whisper:
    @modal.enter()
    def load(self):
        from faster_whisper import WhisperModel

        self.model = WhisperModel("large-v3", device="cuda", compute_type="float16")

    @modal.method()
    def transcribe(self, url: str) -> str:
        import subprocess

        subprocess.run(["yt-dlp", "-x", "--audio-format", "wav", "-o", "/tmp/a.wav", url], check=True)
        segs, _ = self.model.transcribe("/tmp/a.wav", vad_filter=True)
        return " ".join(s.text for s in segs)


@app.local_entrypoint()
def main(urls: str = "urls.txt"):
    links = open(urls).read().split()
    for url, text in zip(links, Whisper().transcribe.map(links, return_exceptions=True)):
        with open(url.rsplit("=", 1)[-1] + ".txt", "w") as f:
            f.write(str(text))
