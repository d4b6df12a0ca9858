import sky
def launch(cluster, task):
    for attempt in range(5):
        try:
            return sky.launch(task, cluster_name=cluster)
        except Exception: pass
for c in ("a","b"):
    launch(c, T)
# expect GS301: 5x2
