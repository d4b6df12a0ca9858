import sky

SETUP = """
pip install -q lm-eval[hf]==0.4.4
"""


def start_eval(run, uri, name, tasks):
    task = sky.Task(
        name=f"eval-{name}",
        setup=SETUP,
        run=f"""
gsutil -m cp -r {uri} ./ckpt
lm_eval --model hf --model_args pretrained=./ckpt,dtype=bfloat16 \\
    --tasks {','.join(tasks)} --batch_size auto --output_path out.json
gsutil cp out.json {uri}/eval.json
""",
    )
    task.set_resources(sky.Resources(accelerators="A100:1", use_spot=True))
    return sky.launch(
        task,
        cluster_name=f"eval-{run}-{name}".replace("_", "-"),
        down=True,
        idle_minutes_to_autostop=5,
    )
