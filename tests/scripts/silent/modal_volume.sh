for h in 4 8 16; do
  modal volume get results /h$h ./h$h
  modal app stop "app-$h"
done
modal deploy app.py
