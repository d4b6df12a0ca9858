from unittest import mock
import sky

with mock.patch("sky.launch"):
    for i in range(3):
        sky.launch(i, cluster_name=str(i))
