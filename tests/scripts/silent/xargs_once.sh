ls data/*.wav | xargs gpu run python process_batch.py
