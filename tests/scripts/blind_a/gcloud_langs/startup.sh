#!/bin/bash
md() { curl -s -H Metadata-Flavor:Google "http://metadata.google.internal/computeMetadata/v1/instance/attributes/$1"; }
SRC=$(md src); TGT=$(md tgt)
pip install -q ctranslate2 sentencepiece
gsutil -m cp -r gs://nlp-scratch/models/nllb-3b-ct2 /opt/
gsutil cp gs://nlp-scratch/flores/$SRC.txt /tmp/in.txt
python3 /opt/translate.py --model /opt/nllb-3b-ct2 --src "$SRC" --tgt "$TGT" < /tmp/in.txt > /tmp/out.txt
gsutil cp /tmp/out.txt gs://nlp-scratch/out/$SRC-$TGT.txt
shutdown -h now
