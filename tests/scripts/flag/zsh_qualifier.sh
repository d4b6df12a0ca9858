#!/bin/zsh
for f in *.wav(N); do gpu run whisper $f; done
# expect GS301: 2
