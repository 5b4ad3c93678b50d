# Functions shared by the job templates.
# shellcheck shell=bash
# shellcheck disable=SC1090
source "${NTK_DIST_SITE:-$SLURM_SUBMIT_DIR/site.sh}"

# launch ARGUMENTS...: run the program on all ranks of the job, in the background, so that this shell can
# handle signals: USR1 (before the time limit) and TERM (preemption, scancel) stop the program in an
# orderly way. Returns the program's exit status.
launch() {
  "${MPIRUN[@]}" "$NTK_DIST" "$@" &
  local child=$! status
  # mpirun kills its ranks one second after a TERM, but forwards a USR1.
  trap 'kill -USR1 '"$child"' 2>/dev/null' USR1 TERM
  # A signal interrupts `wait`, which then returns the signal's status: wait again for the program's status.
  wait "$child"
  while kill -0 "$child" 2>/dev/null; do wait "$child"; done
  wait "$child"
  status=$?
  trap - USR1 TERM
  return "$status"
}

# is_running: true while SLURM lists the job as running, not as cancelled or completing.
is_running() { [ "$(squeue --noheader --job "$SLURM_JOB_ID" --format %T)" = RUNNING ]; }

# is_worth_another STATUS: true if restarting the job can be expected to make progress.
is_worth_another() {
  [ "$1" -eq 75 ] && return 0
  local lost
  for lost in "${LOST_NODE[@]}"; do [ "$1" -ne "$lost" ] || return 0; done
  return 1
}
