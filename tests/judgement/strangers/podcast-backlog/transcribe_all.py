import pathlib, sys
from faster_whisper import WhisperModel
model = WhisperModel("large-v3", device="cuda", compute_type="float16")
for wav in sorted(pathlib.Path(sys.argv[1]).glob("*.mp3")):
    segments, _ = model.transcribe(str(wav), vad_filter=True)
    out = pathlib.Path(sys.argv[2]) / (wav.stem + ".txt")
    out.write_text("\n".join(s.text for s in segments))
