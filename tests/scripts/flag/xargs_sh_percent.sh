seq 0 9 | xargs -P 3 -n 1 ./bin/noop; cat ids | xargs -I % sh -c 'runpodctl create pod --name id% --gpuType A40 --imageName i'
# expect GS301: 1
