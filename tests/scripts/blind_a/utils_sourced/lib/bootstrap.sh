set -x
git clone --depth 1 "https://github.com/$REPO" /src
docker run --gpus all -v /src:/src acme/code-embed:2 /src --to qdrant://vec.internal
shutdown -h now
