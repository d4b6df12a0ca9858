import sys
import torch
from pyannote.audio import Pipeline

p = Pipeline.from_pretrained("pyannote/speaker-diarization-3.1").to(torch.device("cuda"))
p(sys.argv[1]).write_rttm(sys.stdout)
