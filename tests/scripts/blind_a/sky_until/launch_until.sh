#!/bin/sh
# keep trying until the spot market gives us something
until sky launch -y -c train --retry-until-up train.yaml; do
    echo "$(date) launch failed, again in 5 min"
    sky down -y train || true
    sleep 300
done

while ! sky queue train | grep -q SUCCEEDED; do
    sleep 120
done
rsync -a train:~/sky_workdir/out/ ./out/
sky down -y train
