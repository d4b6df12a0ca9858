import sys

import torch
from pdf2image import convert_from_path
from transformers import NougatProcessor, VisionEncoderDecoderModel

path = sys.argv[1]
proc = NougatProcessor.from_pretrained("facebook/nougat-base")
model = VisionEncoderDecoderModel.from_pretrained("facebook/nougat-base").to("cuda")
with open(path + ".mmd", "w") as fh, torch.inference_mode():
    for page in convert_from_path(path):
        px = proc(page, return_tensors="pt").pixel_values.cuda()
        fh.write(proc.batch_decode(model.generate(px, max_new_tokens=3500))[0])
