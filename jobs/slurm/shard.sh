#!/bin/bash
# One of K jobs that fill a store together; see submit-shards.sh. To repeat some of them:
#
#     sbatch --array=3,7 shard.sh JOB.yaml K
#SBATCH --job-name=ntk-dist-shard
#SBATCH --output=%x-%A_%a.log
#SBATCH --signal=B:USR1@120
#SBATCH --time=4:00:00
source "$SLURM_SUBMIT_DIR/functions.sh"
launch assemble "$1" --shard "$SLURM_ARRAY_TASK_ID/$2" --resume
