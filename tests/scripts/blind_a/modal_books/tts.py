import modal

app = modal.App("narrator")
image = modal.Image.debian_slim().pip_install("TTS==0.22.0", "ebooklib", "beautifulsoup4").apt_install("ffmpeg")
vol = modal.Volume.from_name("narrations", create_if_missing=True)


@app.function(gpu="A10G", image=image, timeout=4 * 3600, volumes={"/out": vol})
def narrate(data: bytes, slug: str):
    from TTS.api import TTS

    from epub import chapters

    tts = TTS("tts_models/multilingual/multi-dataset/xtts_v2").to("cuda")
    for i, text in enumerate(chapters(data)):
        tts.tts_to_file(text=text, speaker="Ana Florence", language="en", file_path=f"/out/{slug}-{i:03d}.wav")
    vol.commit()


@app.local_entrypoint()
def main(book: str, slug: str):
    narrate.remote(open(book, "rb").read(), slug)
