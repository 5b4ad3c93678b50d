// C face of OpenBLAS: row-major CBLAS with int flags, LAPACK with its hidden string lengths, the
// raw info back. No decision, allocation, print or loop.
#ifndef NTK_COPENBLAS_H
#define NTK_COPENBLAS_H

// The CBLAS flags.
int ntk_blas_no_transpose(void);
int ntk_blas_transpose(void);
int ntk_blas_lower(void);
int ntk_blas_upper(void);

void ntk_dgemm_row_major(
    int transpose_a, int transpose_b, int m, int n, int k, double alpha, const double *a, int lda,
    const double *b, int ldb, double beta, double *c, int ldc);
void ntk_sgemm_row_major(
    int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
    const float *b, int ldb, float beta, float *c, int ldc);
void ntk_dsyrk_row_major(
    int uplo, int transpose, int n, int k, double alpha, const double *a, int lda, double beta,
    double *c, int ldc);
void ntk_ssyrk_row_major(
    int uplo, int transpose, int n, int k, float alpha, const float *a, int lda, float beta,
    float *c, int ldc);

// LAPACK, column-major; each returns info.
int ntk_dsyevd(
    char jobz, char uplo, int n, double *a, int lda, double *w, double *work, int lwork, int *iwork,
    int liwork);
// The eigenvalues of a symmetric tridiagonal matrix.
int ntk_dsterf(int n, double *d, double *e);
// A = L Q, L in the lower triangle of a; and the singular values of A. An lwork of -1 asks for the size in
// work[0].
int ntk_dgelqf(int m, int n, double *a, int lda, double *tau, double *work, int lwork);
int ntk_dgesvd_values(int m, int n, double *a, int lda, double *s, double *work, int lwork);
// H = I - tau (1, x) (1, x)' with H (alpha, x) = (beta, 0); beta replaces alpha. Returns tau.
double ntk_dlarfg(int n, double *alpha, double *x);

// What turns columns along, column-major; vectors are contiguous.
// y = alpha op(A) x.
void ntk_dgemv(
    int transpose, int m, int n, double alpha, const double *a, int lda, const double *x, double *y);
// A += alpha x y'.
void ntk_dger(
    int m, int n, double alpha, const double *x, const double *y, double *a, int lda);
// x'y, and y += alpha x.
double ntk_ddot(int n, const double *x, const double *y);
void ntk_daxpy(int n, double alpha, const double *x, double *y);

void ntk_blas_set_threads(int threads);
int ntk_blas_threads(void);
const char *ntk_blas_configuration(void);
const char *ntk_blas_core_name(void);

#endif
