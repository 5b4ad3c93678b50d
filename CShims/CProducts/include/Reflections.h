/// Householder reflections H = I - tau v v' of small blocks of a band, column-major, in one or two passes.
///
/// Between two reflections, BLAS makes four passes over a block, and half of its time goes into calls. These functions
/// read blocks of 64 x 64 from the caches twice as fast. With AVX-512, columns of 64 rows stay in registers. Other
/// numbers of rows work too.
#ifndef NTK_REFLECTIONS_H
#define NTK_REFLECTIONS_H

/// Begins B <- B H: completes the first column of B, and stores in w what the other columns need.
///
/// Shape: B is rows x count with columns ld apart. v has `count` elements, w has `rows`.
void ntk_reflect_right(
  long rows, long count, double *_Nonnull b, long ld, const double *_Nonnull v, double tau,
  double *_Nonnull w);

/// Completes B <- G (B H) for the columns after the first, with w from `ntk_reflect_right` and a reflection
/// G = I - left_tau left left'.
///
/// Shape: left has `rows` elements.
void ntk_reflect_left(
  long rows, long count, double *_Nonnull b, long ld, const double *_Nonnull v,
  const double *_Nonnull w, const double *_Nonnull left, double left_tau);

/// D <- H D H in the lower triangle. The upper triangle is not read.
///
/// Shape: D is rows x rows with columns ld apart. v and w have `rows` elements.
void ntk_reflect_both(
  long rows, double *_Nonnull d, long ld, const double *_Nonnull v, double tau, double *_Nonnull w);

#endif
