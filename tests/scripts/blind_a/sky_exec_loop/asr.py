import sys
from faster_whisper import WhisperModel

segs, _ = WhisperModel("large-v3", device="cuda").transcribe(sys.argv[1])
open(sys.argv[1] + ".txt", "w").writelines(s.text + "\n" for s in segs)
