import argparse

from transformers import (AutoModelForSequenceClassification, AutoTokenizer,
                          Trainer, TrainingArguments)
from datasets import load_dataset

p = argparse.ArgumentParser()
p.add_argument("--lr", type=float)
p.add_argument("--batch-size", type=int)
p.add_argument("--epochs", type=int)
a = p.parse_args()
tok = AutoTokenizer.from_pretrained("bert-large-uncased")
ds = load_dataset("glue", "mnli").map(lambda b: tok(b["premise"], b["hypothesis"], truncation=True), batched=True)
Trainer(
    AutoModelForSequenceClassification.from_pretrained("bert-large-uncased", num_labels=3),
    TrainingArguments("out", learning_rate=a.lr, per_device_train_batch_size=a.batch_size, num_train_epochs=a.epochs, bf16=True),
    train_dataset=ds["train"], eval_dataset=ds["validation_matched"], tokenizer=tok,
).train()
