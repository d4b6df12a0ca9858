for t in a b; do tensorman +latest-gpu run python t.py $t; denet --gpu run python $t.py; done
