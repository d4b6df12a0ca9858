for split in train valid test; do
  hf jobs run --flavor a10g-small me/embed python embed.py --split $split
done
# expect GS301: 2x3
