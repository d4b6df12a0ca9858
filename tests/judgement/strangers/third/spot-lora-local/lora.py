from trl import SFTConfig, SFTTrainer
from peft import LoraConfig
from datasets import load_dataset
args = SFTConfig(output_dir="adapter", save_strategy="no", num_train_epochs=3, per_device_train_batch_size=1, gradient_checkpointing=True, bf16=True, max_seq_length=2048)
SFTTrainer(model="google/gemma-2-9b", args=args, peft_config=LoraConfig(r=16), train_dataset=load_dataset("tatsu-lab/alpaca", split="train")).train()
