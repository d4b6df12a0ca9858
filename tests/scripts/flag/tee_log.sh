for f in $(ls *.yaml | grep -v base); do echo "== $f"; sky launch -y $f 2>&1 | tee logs/$f.log; done
# expect GS301: 1
