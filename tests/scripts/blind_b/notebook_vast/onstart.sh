#!/bin/bash
aws s3 cp s3://slides/$SLIDE.svs /tmp/
python /app/run_infer.py --input /tmp/$SLIDE.svs --out /tmp/out
aws s3 cp --recursive /tmp/out s3://masks/$SLIDE/
vastai stop instance $CONTAINER_ID
