# What the job templates have in common.
# shellcheck shell=bash
# shellcheck disable=SC1090
source "${NTK_DIST_SITE:-$SLURM_SUBMIT_DIR/site.sh}"

# launch ARGUMENTS...: the program on all ranks of the job, in the background, so that this shell hears
# signals: USR1 (before the time limit) and TERM (preemption, scancel) stop the program in order.
# Returns its exit status.
launch() {
  "${MPIRUN[@]}" "$NTK_DIST" "$@" &
  local child=$! status
  # mpirun kills its ranks a second after a TERM; a USR1 it passes on.
  trap 'kill -USR1 '"$child"' 2>/dev/null' USR1 TERM
  # A signal interrupts a wait, which then says so and not how the program ended.
  wait "$child"
  while kill -0 "$child" 2>/dev/null; do wait "$child"; done
  wait "$child"
  status=$?
  trap - USR1 TERM
  return "$status"
}

# is_running: whether the job is neither cancelled nor at its end in SLURM's eyes.
is_running() { [ "$(squeue --noheader --job "$SLURM_JOB_ID" --format %T)" = RUNNING ]; }

# is_worth_another STATUS: whether the same job can be expected to get on when it is started again.
is_worth_another() {
  [ "$1" -eq 75 ] && return 0
  local lost
  for lost in "${LOST_NODE[@]}"; do [ "$1" -ne "$lost" ] || return 0; done
  return 1
}
