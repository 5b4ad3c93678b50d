#!/bin/bash
# All stages in one job of PBS Pro or OpenPBS:
#
#     qsub -l select=2:ncpus=16:mpiprocs=16 -v JOB=job.yaml whole.sh
#
# PBS gives no warning before the time limit, so the program gets a limit of its own, ten minutes earlier. If you change
# one limit, change both. The program then stops in an orderly way; submit the job again to continue.
#PBS -N ntk-dist
#PBS -j oe
#PBS -l walltime=12:00:00
cd "$PBS_O_WORKDIR" || exit
# module load openmpi scalapack openblas
# One thread per rank: the program runs in parallel over MPI ranks.
export OPENBLAS_NUM_THREADS=1
exec mpirun ntk-dist run "$JOB" --resume --time-limit 11:50:00
