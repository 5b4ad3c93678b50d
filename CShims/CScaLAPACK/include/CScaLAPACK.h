// C interface to ScaLAPACK, PBLAS and BLACS. It passes scalars by value and descriptors by pointer, and returns info
// unchanged. Global row and column numbers count from 1, as in Fortran. It makes no decisions, allocates nothing,
// prints nothing and has no loops.
#ifndef NTK_CSCALAPACK_H
#define NTK_CSCALAPACK_H

// BLACS. `comm` is the communicator's Fortran handle (MPI_Comm_c2f).
int ntk_blacs_handle(int comm);
void ntk_blacs_free_handle(int handle);
int ntk_blacs_gridinit_row_major(int handle, int nprow, int npcol);
void ntk_blacs_gridinfo(int context, int *nprow, int *npcol, int *myrow, int *mycol);
void ntk_blacs_gridexit(int context);

int ntk_descinit(int *desc, int m, int n, int mb, int nb, int context, int lld);

// Solvers. Each returns info. If lwork or liwork is -1, they return the required size in work[0] or iwork[0].
int ntk_pdsyev(
    char jobz, char uplo, int n, double *a, const int *desca, double *w, double *z,
    const int *descz, double *work, int lwork);
int ntk_pdsyevd(
    char uplo, int n, double *a, const int *desca, double *w, double *z, const int *descz,
    double *work, int lwork, int *iwork, int liwork);
int ntk_pdpotrf(char uplo, int n, double *a, const int *desca);
int ntk_pdpotrs(
    char uplo, int n, int nrhs, const double *a, const int *desca, double *b, const int *descb);

// Norms ('1' is the one-norm) and products. ja, jb and jc are first columns; the first row is 1.
double ntk_pdlansy(
    char norm, char uplo, int n, const double *a, const int *desca, double *work);
double ntk_pdlange(
    char norm, int m, int n, const double *a, const int *desca, double *work);
void ntk_pdsymm_left(
    char uplo, int m, int n, double alpha, const double *a, const int *desca, const double *b,
    int jb, const int *descb, double beta, double *c, const int *descc);
void ntk_pdgemm(
    char transpose_a, char transpose_b, int m, int n, int k, double alpha, const double *a,
    const int *desca, const double *b, int jb, const int *descb, double beta, double *c,
    const int *descc);

// B(ib:ib+m-1, 1:n) <- L^-1 B. L is the lower triangle that begins at A(ia, ia).
void ntk_pdtrsm_left_lower(
    int m, int n, const double *a, int ia, const int *desca, double *b, int ib, const int *descb);
int ntk_pdorgqr(
    int m, int n, double *a, const int *desca, const double *tau, double *work, int lwork);
// C(1:m, jc:jc+n-1) = A.
void ntk_pdgeadd_columns(
    int m, int n, const double *a, const int *desca, double *c, int jc, const int *descc);

// Factorization of a panel that is one block of columns wide, in both precisions. Returns info. If lwork is -1, returns
// the size of the workspace in work[0].
int ntk_pdgeqrf(
    int m, int n, double *a, int ia, int ja, const int *desca, double *tau, double *work, int lwork);
int ntk_psgeqrf(
    int m, int n, float *a, int ia, int ja, const int *desca, float *tau, float *work, int lwork);

#endif
