#!/bin/bash
# All stages in one job of LSF:
#
#     JOB=job.yaml bsub -n 32 -R 'span[ptile=16]' < whole.sh
#
# LSF sends USR1 ten minutes before the time limit, and the program stops in an orderly way; submit the job again to
# continue.
#BSUB -J ntk-dist
#BSUB -o ntk-dist-%J.log
#BSUB -W 12:00
#BSUB -wa USR1
#BSUB -wt 10
# module load openmpi scalapack openblas
# One thread per rank: the program runs in parallel over MPI ranks.
export OPENBLAS_NUM_THREADS=1
# mpirun replaces this shell, because the signal would end the shell.
exec mpirun ntk-dist run "$JOB" --resume
