#!/bin/bash
# All stages in one job:
#
#     sbatch --nodes=2 --ntasks-per-node=16 whole.sh JOB.yaml [--set KEY=VALUE ...]
#
# `ntk-dist plan JOB.yaml --ranks 32 --slurm` prints this script with estimates of time and memory. The
# job stops in an orderly way shortly before its time limit; submit it again to continue.
#SBATCH --job-name=ntk-dist
#SBATCH --output=%x-%j.log
#SBATCH --signal=B:USR1@120
#SBATCH --time=12:00:00
source "$SLURM_SUBMIT_DIR/functions.sh"
launch run "$@" --resume
