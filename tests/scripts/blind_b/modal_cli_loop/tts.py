import modal

app = modal.App("xtts")
image = modal.Image.debian_slim().pip_install("TTS")
vol = modal.Volume.from_name("speakers", create_if_missing=True)


@app.function(gpu="A10G", image=image, volumes={"/vol": vol}, timeout=3600)
def synth(speaker: str, lines: list[str]):
    from TTS.api import TTS

    tts = TTS("tts_models/multilingual/multi-dataset/xtts_v2").to("cuda")
    for i, line in enumerate(lines):
        tts.tts_to_file(line, speaker_wav=f"/vol/{speaker}.wav", language="en", file_path=f"/vol/out/{speaker}_{i}.wav")
    vol.commit()


@app.local_entrypoint()
def main(speaker: str, script: str = "lines.txt"):
    synth.remote(speaker, open(script).read().splitlines())
