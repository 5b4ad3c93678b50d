#include "COpenBLAS.h"

#include <cblas.h>
#include <stddef.h>

// LAPACK's Fortran symbols, with the lengths gfortran appends for each CHARACTER argument.
void dsyevd_(
    const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w,
    double *work, const int *lwork, int *iwork, const int *liwork, int *info, size_t, size_t);
void dsterf_(const int *n, double *d, double *e, int *info);
void dgelqf_(
    const int *m, const int *n, double *a, const int *lda, double *tau, double *work,
    const int *lwork, int *info);
void dgesvd_(
    const char *jobu, const char *jobvt, const int *m, const int *n, double *a, const int *lda,
    double *s, double *u, const int *ldu, double *vt, const int *ldvt, double *work,
    const int *lwork, int *info, size_t, size_t);
void dlarfg_(const int *n, double *alpha, double *x, const int *incx, double *tau);

int ntk_blas_no_transpose(void) { return CblasNoTrans; }
int ntk_blas_transpose(void) { return CblasTrans; }
int ntk_blas_lower(void) { return CblasLower; }
int ntk_blas_upper(void) { return CblasUpper; }

void ntk_dgemm_row_major(
    int transpose_a, int transpose_b, int m, int n, int k, double alpha, const double *a, int lda,
    const double *b, int ldb, double beta, double *c, int ldc) {
  cblas_dgemm(
      CblasRowMajor, (CBLAS_TRANSPOSE)transpose_a, (CBLAS_TRANSPOSE)transpose_b, m, n, k, alpha, a,
      lda, b, ldb, beta, c, ldc);
}
void ntk_sgemm_row_major(
    int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
    const float *b, int ldb, float beta, float *c, int ldc) {
  cblas_sgemm(
      CblasRowMajor, (CBLAS_TRANSPOSE)transpose_a, (CBLAS_TRANSPOSE)transpose_b, m, n, k, alpha, a,
      lda, b, ldb, beta, c, ldc);
}
void ntk_dsyrk_row_major(
    int uplo, int transpose, int n, int k, double alpha, const double *a, int lda, double beta,
    double *c, int ldc) {
  cblas_dsyrk(
      CblasRowMajor, (CBLAS_UPLO)uplo, (CBLAS_TRANSPOSE)transpose, n, k, alpha, a, lda, beta, c,
      ldc);
}
void ntk_ssyrk_row_major(
    int uplo, int transpose, int n, int k, float alpha, const float *a, int lda, float beta,
    float *c, int ldc) {
  cblas_ssyrk(
      CblasRowMajor, (CBLAS_UPLO)uplo, (CBLAS_TRANSPOSE)transpose, n, k, alpha, a, lda, beta, c,
      ldc);
}

int ntk_dsyevd(
    char jobz, char uplo, int n, double *a, int lda, double *w, double *work, int lwork, int *iwork,
    int liwork) {
  int info = 0;
  dsyevd_(&jobz, &uplo, &n, a, &lda, w, work, &lwork, iwork, &liwork, &info, 1, 1);
  return info;
}
int ntk_dsterf(int n, double *d, double *e) {
  int info = 0;
  dsterf_(&n, d, e, &info);
  return info;
}

int ntk_dgelqf(int m, int n, double *a, int lda, double *tau, double *work, int lwork) {
  int info = 0;
  dgelqf_(&m, &n, a, &lda, tau, work, &lwork, &info);
  return info;
}
int ntk_dgesvd_values(int m, int n, double *a, int lda, double *s, double *work, int lwork) {
  const int one = 1;
  double none = 0;
  int info = 0;
  dgesvd_(
      "N", "N", &m, &n, a, &lda, s, &none, &one, &none, &one, work, &lwork, &info, 1, 1);
  return info;
}

double ntk_dlarfg(int n, double *alpha, double *x) {
  const int step = 1;
  double tau = 0;
  dlarfg_(&n, alpha, x, &step, &tau);
  return tau;
}

void ntk_dgemv(
    int transpose, int m, int n, double alpha, const double *a, int lda, const double *x, double *y) {
  cblas_dgemv(CblasColMajor, (CBLAS_TRANSPOSE)transpose, m, n, alpha, a, lda, x, 1, 0, y, 1);
}
void ntk_dger(
    int m, int n, double alpha, const double *x, const double *y, double *a, int lda) {
  cblas_dger(CblasColMajor, m, n, alpha, x, 1, y, 1, a, lda);
}
double ntk_ddot(int n, const double *x, const double *y) { return cblas_ddot(n, x, 1, y, 1); }
void ntk_daxpy(int n, double alpha, const double *x, double *y) {
  cblas_daxpy(n, alpha, x, 1, y, 1);
}

void ntk_blas_set_threads(int threads) { openblas_set_num_threads(threads); }
int ntk_blas_threads(void) { return openblas_get_num_threads(); }
const char *ntk_blas_configuration(void) { return openblas_get_config(); }
const char *ntk_blas_core_name(void) { return openblas_get_corename(); }
