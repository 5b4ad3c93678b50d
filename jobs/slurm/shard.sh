#!/bin/bash
# One of several jobs that fill a store at the same time; see submit-shards.sh.
#SBATCH --job-name=ntk-dist-shard
#SBATCH --output=%x-%A_%a.log
#SBATCH --signal=B:USR1@120
#SBATCH --time=4:00:00
source "$SLURM_SUBMIT_DIR/functions.sh"
launch assemble "$1" --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" --resume
