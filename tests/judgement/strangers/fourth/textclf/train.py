import argparse

from transformers import Trainer

print(Trainer, argparse)
