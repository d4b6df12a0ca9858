from kubernetes import client, config

config.load_incluster_config()
batch = client.BatchV1Api()


def job_for(chrom):
    container = client.V1Container(
        name="call",
        image="broadinstitute/gatk:4.5.0.0",
        command=["gatk", "HaplotypeCaller", "-R", "/ref/hg38.fa", "-I", "/in/s.bam", "-L", chrom, "-O", f"/out/{chrom}.g.vcf.gz"],
        resources=client.V1ResourceRequirements(requests={"cpu": "4", "memory": "16Gi"}, limits={"memory": "16Gi"}),
    )
    pod = client.V1PodTemplateSpec(spec=client.V1PodSpec(containers=[container], restart_policy="Never"))
    return client.V1Job(
        metadata=client.V1ObjectMeta(name=f"hc-{chrom.lower()}"),
        spec=client.V1JobSpec(template=pod, backoff_limit=2),
    )


for chrom in [f"chr{i}" for i in range(1, 23)] + ["chrX", "chrY"]:
    batch.create_namespaced_job(namespace="genomics", body=job_for(chrom))
