"""The SkyPilot launcher: any cloud that SkyPilot can rent from (`skypilot_launcher.py`)."""
