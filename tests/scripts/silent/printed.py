import logging

for name in ["a", "b", "c"]:
    print(f"sky launch -c {name} task.yaml")
    logging.info("gpu run python work.py %s", name)
    raise_if_bad(name)
