import pathlib

import easyocr

reader = easyocr.Reader(["en", "de"], gpu=True)
out = pathlib.Path("/opt/ml/processing/out")
for page in sorted(pathlib.Path("/opt/ml/processing/in").glob("*.jpg")):
    text = "\n".join(reader.readtext(str(page), detail=0, paragraph=True))
    (out / f"{page.stem}.txt").write_text(text)
