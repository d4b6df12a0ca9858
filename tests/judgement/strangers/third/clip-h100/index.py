import sys, pathlib, torch, open_clip, numpy as np
from PIL import Image
model, _, pre = open_clip.create_model_and_transforms("ViT-B-32", pretrained="laion2b_s34b_b79k")
model = model.half().cuda().eval()
paths = sorted(pathlib.Path(sys.argv[1]).glob("*.jpg"))
out = []
with torch.no_grad():
    for i in range(0, len(paths), 256):
        x = torch.stack([pre(Image.open(p)) for p in paths[i:i + 256]]).half().cuda()
        out.append(model.encode_image(x).cpu().numpy())
np.save(sys.argv[2], np.concatenate(out))
