#!/bin/bash
# One job for all stages that requeues itself until the run is finished: after its time limit, after
# preemption, and after the loss of a node. Other failures end it.
#
#     sbatch --nodes=2 --ntasks-per-node=16 --partition=preemptible preemptible.sh JOB.yaml [--set ...]
#SBATCH --job-name=ntk-dist
#SBATCH --output=%x-%j.log
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --signal=B:USR1@120
#SBATCH --time=2:00:00
source "$SLURM_SUBMIT_DIR/functions.sh"
launch run "$@" --resume
status=$?
if is_worth_another "$status" && is_running; then
  if [ "${SLURM_RESTART_COUNT:-0}" -lt "$MOST_RESTARTS" ]; then
    echo "ended with status $status; back into the queue (restart $((${SLURM_RESTART_COUNT:-0} + 1)))"
    scontrol requeue "$SLURM_JOB_ID"
    # SLURM ends this script while it sleeps.
    sleep 60
  fi
  echo "ended with status $status after $MOST_RESTARTS restarts" >&2
fi
exit "$status"
