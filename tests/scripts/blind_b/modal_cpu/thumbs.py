import modal

app = modal.App("thumbnails")
image = modal.Image.debian_slim().pip_install("pillow", "boto3")
aws = modal.Secret.from_name("aws")


@app.function(image=image, secrets=[aws], cpu=0.5, memory=512, retries=2)
def thumb(key: str):
    import io

    import boto3
    from PIL import Image

    s3 = boto3.client("s3")
    im = Image.open(s3.get_object(Bucket="photos", Key=key)["Body"])
    im.thumbnail((320, 320))
    buf = io.BytesIO()
    im.convert("RGB").save(buf, "JPEG")
    s3.put_object(Bucket="photos", Key=f"thumbs/{key}", Body=buf.getvalue())


@app.local_entrypoint()
def main(listing: str = "keys.txt"):
    calls = []
    for key in open(listing):
        calls.append(thumb.spawn(key.strip()))
    for c in calls:
        c.get()
