#!/bin/bash
# Submits an array of K jobs that share the assembly, and one job that waits for all of them, computes the
# tiles that failed or interrupted jobs left out, and solves:
#
#     ./submit-shards.sh JOB.yaml K "SBATCH OPTIONS OF A SHARD" "SBATCH OPTIONS OF THE SOLVE"
#     ./submit-shards.sh cifar10.yaml 16 "--ntasks=32" "--nodes=4 --ntasks-per-node=32 --time=6:00:00"
#
# Shards can run in any order and be repeated; an interrupted shard leaves nothing to clean up. Prints the
# job numbers.
set -euo pipefail
job=$1 shards=$2 shard_options=${3:-} solve_options=${4:-}
# shellcheck disable=SC2086
array=$(sbatch --parsable --array="1-$shards" $shard_options shard.sh "$job" "$shards")
# afterany: the last job also computes the tiles of shards that failed.
# shellcheck disable=SC2086
solve=$(sbatch --parsable --dependency="afterany:$array" $solve_options whole.sh "$job")
echo "$array $solve"
