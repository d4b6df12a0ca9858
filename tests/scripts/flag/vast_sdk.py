from vastai_sdk import VastAI

vast = VastAI(api_key=KEY)
for job, offer in zip(jobs, offers):
    vast.create_instance(id=offer["id"], image="me/job", env=f"-e JOB={job}")
# expect GS301: 5
