#!/bin/bash
for fq in /data/reads/*_R1.fastq.gz; do
    s=$(basename $fq _R1.fastq.gz)
    sbatch --job-name=aln_$s --partition=compute --cpus-per-task=32 --mem=64G --time=6:00:00 \
        --wrap "bwa-mem2 mem -t 32 ref/hg38.fa $fq ${fq/_R1/_R2} | samtools sort -@ 8 -o bam/$s.bam -"
done
