from unsloth import FastLanguageModel
from trl import SFTTrainer, SFTConfig
from datasets import load_dataset
model, tok = FastLanguageModel.from_pretrained("unsloth/Qwen2.5-7B-Instruct-bnb-4bit", max_seq_length=2048, load_in_4bit=True)
model = FastLanguageModel.get_peft_model(model, r=16)
SFTTrainer(model=model, tokenizer=tok, train_dataset=load_dataset("tatsu-lab/alpaca", split="train"),
           args=SFTConfig(per_device_train_batch_size=2, gradient_accumulation_steps=4, output_dir="outputs", save_steps=200)).train()
