#!/bin/bash
SCENE=$(curl -s -H "Metadata-Flavor: Google" http://metadata/computeMetadata/v1/instance/attributes/scene)
gsutil -m cp -r gs://nerf-lab/colmap/$SCENE /data
ns-train nerfacto --data /data/$SCENE --output-dir /out --viewer.quit-on-train-completion True
gsutil -m cp -r /out gs://nerf-lab/out/$SCENE
shutdown -h now
