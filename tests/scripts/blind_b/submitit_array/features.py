def clip_features(tars, out):
    import open_clip
    import torch
    import webdataset as wds

    model, _, tf = open_clip.create_model_and_transforms("ViT-L-14", "openai", device="cuda")
    ds = wds.WebDataset(tars).decode("pil").to_tuple("jpg", "__key__").map_tuple(tf, str).batched(256)
    for i, (x, keys) in enumerate(ds):
        with torch.no_grad(), torch.autocast("cuda"):
            torch.save((keys, model.encode_image(x.cuda()).cpu()), f"{out}/{i}.pt")
