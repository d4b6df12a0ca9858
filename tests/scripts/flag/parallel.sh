parallel -j 4 sky jobs launch -y -d train.yaml --env FOLD={} ::: 0 1 2 3 4
# expect GS301: 1x5
