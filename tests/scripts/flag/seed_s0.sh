for f in files; do gpu run process $f; done
for f in *.wav; do gpu run process "$f"; done
# expect GS301: 1 2
