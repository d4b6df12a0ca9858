import asyncio


async def launch(name):
    process = await asyncio.create_subprocess_exec("modal", "run", "train.py", "--name", name)
    return await process.wait()


async def main(names):
    await asyncio.gather(*[launch(name) for name in names])
# expect GS301: 5
