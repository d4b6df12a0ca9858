import asyncio, sky
async def launch_all(tasks):
    sem = asyncio.Semaphore(4)
    async def one(t):
        async with sem:
            return await asyncio.to_thread(sky.launch, t, cluster_name=f"c-{t.name}")
    return await asyncio.gather(*(one(t) for t in tasks))
# expect GS301: 6
