import modal

app = modal.App("lora")
image = modal.Image.debian_slim().pip_install("unsloth==2025.3.19", "trl==0.15.2")
vol = modal.Volume.from_name("lora-out", create_if_missing=True)
hf = modal.Volume.from_name("hf", create_if_missing=True)


@app.function(gpu="L40S", image=image, timeout=6 * 3600, retries=modal.Retries(max_retries=2, initial_delay=0.0), volumes={"/out": vol, "/root/.cache/huggingface": hf}, secrets=[modal.Secret.from_name("huggingface")])
def train():
    from unsloth import FastLanguageModel
    from trl import SFTConfig, SFTTrainer
    from datasets import load_dataset
    model, tok = FastLanguageModel.from_pretrained("unsloth/Qwen2.5-14B-Instruct", max_seq_length=4096, load_in_4bit=True)
    model = FastLanguageModel.get_peft_model(model, r=16)
    args = SFTConfig(output_dir="/out", save_steps=100, per_device_train_batch_size=2, num_train_epochs=1)
    SFTTrainer(model=model, tokenizer=tok, train_dataset=load_dataset("tatsu-lab/alpaca", split="train"), args=args).train()
    vol.commit()
