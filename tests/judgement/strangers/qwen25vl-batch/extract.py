import json, pathlib, sys
from PIL import Image
from vllm import LLM, SamplingParams
llm = LLM("Qwen/Qwen2.5-VL-7B-Instruct", max_model_len=16384, limit_mm_per_prompt={"image": 1})
pages = sorted(pathlib.Path(sys.argv[1]).glob("*.png"))
prompts = [{"prompt": "<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>Extract.<|im_end|>\n<|im_start|>assistant\n", "multi_modal_data": {"image": Image.open(p)}} for p in pages]
with open(sys.argv[2], "w") as f:
    for p, o in zip(pages, llm.generate(prompts, SamplingParams(max_tokens=512))):
        f.write(json.dumps({"page": p.name, "text": o.outputs[0].text}) + "\n")
