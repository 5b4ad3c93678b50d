// bare ROUTINE N MATRIX VALUES: runs one library routine on a symmetric matrix from a file of doubles,
// prints its wall time in seconds on the slowest rank and writes the eigenvalues.
// ROUTINE: pdsyev | pdsyevd | pdpotrf | elpa (two stages, eigenvalues only).
#include <fcntl.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#ifdef WITH_ELPA
#include <elpa/elpa.h>
#endif

int Csys2blacs_handle(MPI_Comm comm);
void Cblacs_gridinit(int *context, const char *order, int nprow, int npcol);
void Cblacs_gridinfo(int context, int *nprow, int *npcol, int *myrow, int *mycol);
int numroc_(const int *n, const int *nb, const int *p, const int *src, const int *np);
void descinit_(int *, const int *, const int *, const int *, const int *, const int *, const int *,
               const int *, const int *, int *);
void pdsyev_(const char *, const char *, const int *, double *, const int *, const int *, const int *,
             double *, double *, const int *, const int *, const int *, double *, const int *, int *,
             size_t, size_t);
void pdsyevd_(const char *, const char *, const int *, double *, const int *, const int *,
              const int *, double *, double *, const int *, const int *, const int *, double *,
              const int *, int *, const int *, int *, size_t, size_t);
void pdpotrf_(const char *, const int *, double *, const int *, const int *, const int *, int *,
              size_t);

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  int rank, size, zero = 0, one = 1, info = 0, desc[9];
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (argc != 5) return 64;
  const char *routine = argv[1];
  int n = atoi(argv[2]);
  int nb = strcmp(routine, "elpa") ? 64 : 32;
  int nprow = 1, npcol = size, myrow, mycol, context = Csys2blacs_handle(MPI_COMM_WORLD);
  Cblacs_gridinit(&context, "Row", nprow, npcol);
  Cblacs_gridinfo(context, &nprow, &npcol, &myrow, &mycol);
  int np = numroc_(&n, &nb, &myrow, &zero, &nprow), nq = numroc_(&n, &nb, &mycol, &zero, &npcol);
  descinit_(desc, &n, &n, &nb, &nb, &zero, &zero, &context, &np, &info);
  double *a = malloc(sizeof(double) * np * nq), *w = calloc(n, sizeof(double));
  int file = open(argv[3], O_RDONLY);
  const double *whole = mmap(NULL, sizeof(double) * n * n, PROT_READ, MAP_PRIVATE, file, 0);
  if (whole == MAP_FAILED) return 66;
  for (long j = 0; j < nq; j++) {
    long column = (j / nb * npcol + mycol) * nb + j % nb;
    memcpy(a + j * np, whole + column * n, sizeof(double) * n);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  double start = MPI_Wtime();
  if (!strcmp(routine, "pdsyev")) {
    double ask;
    int lwork = -1;
    pdsyev_("N", "L", &n, a, &one, &one, desc, w, a, &one, &one, desc, &ask, &lwork, &info, 1, 1);
    lwork = (int)ask + 1 + 64 * n;
    double *work = malloc(sizeof(double) * lwork);
    pdsyev_("N", "L", &n, a, &one, &one, desc, w, a, &one, &one, desc, work, &lwork, &info, 1, 1);
  } else if (!strcmp(routine, "pdsyevd")) {
    double ask, *z = malloc(sizeof(double) * np * nq);
    int lwork = -1, liwork = -1, iask;
    pdsyevd_("V", "L", &n, a, &one, &one, desc, w, z, &one, &one, desc, &ask, &lwork, &iask, &liwork,
             &info, 1, 1);
    lwork = (int)ask + 1 + 64 * n;
    liwork = iask + 1;
    double *work = malloc(sizeof(double) * lwork);
    int *iwork = malloc(sizeof(int) * liwork);
    pdsyevd_("V", "L", &n, a, &one, &one, desc, w, z, &one, &one, desc, work, &lwork, iwork, &liwork,
             &info, 1, 1);
  } else if (!strcmp(routine, "pdpotrf")) {
    pdpotrf_("L", &n, a, &one, &one, desc, &info, 1);
  } else {
#ifdef WITH_ELPA
    int error;
    if (elpa_init(20211125) != ELPA_OK) return 69;
    elpa_t handle = elpa_allocate(&error);
    elpa_set(handle, "na", n, &error);
    elpa_set(handle, "nev", n, &error);
    elpa_set(handle, "local_nrows", np, &error);
    elpa_set(handle, "local_ncols", nq, &error);
    elpa_set(handle, "nblk", nb, &error);
    elpa_set(handle, "mpi_comm_parent", MPI_Comm_c2f(MPI_COMM_WORLD), &error);
    elpa_set(handle, "process_row", myrow, &error);
    elpa_set(handle, "process_col", mycol, &error);
    info = elpa_setup(handle);
    elpa_set(handle, "solver", ELPA_SOLVER_2STAGE, &error);
    MPI_Barrier(MPI_COMM_WORLD);
    start = MPI_Wtime();
    elpa_eigenvalues(handle, a, w, &error);
    info = error;
#else
    return 69;
#endif
  }
  double seconds = MPI_Wtime() - start, slowest;
  MPI_Reduce(&seconds, &slowest, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
  if (rank == 0) {
    FILE *out = fopen(argv[4], "wb");
    fwrite(w, sizeof(double), n, out);
    fclose(out);
    printf("%.3f\n", slowest);
  }
  MPI_Finalize();
  return info != 0;
}
