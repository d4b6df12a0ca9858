for day in {1..12}; do
  gpuspec run good-whisper.jsonc --yes "$day"
done
