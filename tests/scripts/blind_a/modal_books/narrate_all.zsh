#!/usr/bin/env zsh
# narrate the whole library
setopt extended_glob null_glob
mkdir -p logs out

for book (books/*.epub(.)) {
  slug=${book:t:r}
  [[ -f out/$slug.mp3 ]] && continue
  print -P "%F{cyan}$slug%f"
  modal run --detach tts.py --book $book --slug $slug &> logs/$slug.log &
}
wait
