#!/bin/bash
# An array of K jobs that share the assembly, and one that waits for all of them, computes what those
# that failed or met their limit left, and solves:
#
#     ./submit-shards.sh JOB.yaml K "SBATCH OPTIONS OF A SHARD" "SBATCH OPTIONS OF THE SOLVE"
#     ./submit-shards.sh cifar10.yaml 16 "--ntasks=32" "--nodes=4 --ntasks-per-node=32 --time=6:00:00"
#
# Shards need no order, may be repeated, and leave nothing behind when they die. Prints the jobs' numbers.
set -euo pipefail
job=$1 shards=$2 shard_options=${3:-} solve_options=${4:-}
# shellcheck disable=SC2086
array=$(sbatch --parsable --array="1-$shards" $shard_options shard.sh "$job" "$shards")
# afterany: a shard that failed has its part computed by the last job.
# shellcheck disable=SC2086
solve=$(sbatch --parsable --dependency="afterany:$array" $solve_options whole.sh "$job")
echo "$array $solve"
