import asyncio
async def run_job(name):
    proc = await asyncio.create_subprocess_shell(f"sky launch -y -c {name} {name}.yaml")
    await proc.communicate()
async def main():
    tasks = []
    for n in names:
        tasks.append(asyncio.create_task(run_job(n)))
    await asyncio.gather(*tasks)
# expect GS301: 3
