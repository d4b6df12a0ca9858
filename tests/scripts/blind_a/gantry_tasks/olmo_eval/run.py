import click


@click.command()
@click.option("--task")
@click.option("--seed", type=int)
@click.option("--model")
def main(task, seed, model):
    from olmo_eval.core import evaluate

    print(evaluate(model, task, seed=seed, device="cuda"))


if __name__ == "__main__":
    main()
