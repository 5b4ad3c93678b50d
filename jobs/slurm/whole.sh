#!/bin/bash
# Everything in one job:
#
#     sbatch --nodes=2 --ntasks-per-node=16 whole.sh JOB.yaml [--set KEY=VALUE ...]
#
# `ntk-dist plan JOB.yaml --ranks 32 --slurm` prints this with the time and memory to ask for. A job that
# meets its time limit has stopped in order before it; submit it again and it goes on.
#SBATCH --job-name=ntk-dist
#SBATCH --output=%x-%j.log
#SBATCH --signal=B:USR1@120
#SBATCH --time=12:00:00
source "$SLURM_SUBMIT_DIR/functions.sh"
launch run "$@" --resume
