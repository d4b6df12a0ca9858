import os
import boto3
import demucs.api

s3 = boto3.client("s3")
song, bucket = os.environ["SONG"], os.environ["BUCKET"]
s3.download_file(bucket, f"in/{song}.wav", "in.wav")
sep = demucs.api.Separator("htdemucs_ft", device="cuda")
_, stems = sep.separate_audio_file("in.wav")
for name, wav in stems.items():
    demucs.api.save_audio(wav, f"{name}.wav", samplerate=sep.samplerate)
    s3.upload_file(f"{name}.wav", bucket, f"out/{song}/{name}.wav")
