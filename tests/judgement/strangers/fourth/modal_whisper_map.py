import modal

app = modal.App("voicemail")
vol = modal.Volume.from_name("whisper-models", create_if_missing=True)
image = (
    modal.Image.from_registry("nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04", add_python="3.11")
    .apt_install("ffmpeg")
    .pip_install("faster-whisper==1.1.0")
)


@app.cls(gpu="T4", image=image, volumes={"/models": vol}, timeout=1800, max_containers=5)
class Transcriber:
    @modal.enter()
    def load(self):
        from faster_whisper import WhisperModel

        self.model = WhisperModel("medium", device="cuda", compute_type="float16", download_root="/models")

    @modal.method()
    def run(self, audio: bytes) -> str:
        import io

        segments, _ = self.model.transcribe(io.BytesIO(audio), vad_filter=True)
        return "".join(s.text for s in segments)


@app.local_entrypoint()
def main(folder: str):
    from pathlib import Path

    files = sorted(Path(folder).glob("*.wav"))
    for path, text in zip(files, Transcriber().run.map([f.read_bytes() for f in files])):
        path.with_suffix(".txt").write_text(text)
