/// Products of small matrices that lie in the caches, for passes over a triangle in chunks.
///
/// A general matrix product first copies both factors into an internal order. If one factor is a chunk of 256 x 256 and
/// the other has 64 columns, copying takes a good part of the time. The functions here copy nothing: they broadcast the
/// elements of one factor from wherever they lie, and read the rows of the other factor as vectors. The target's -march
/// sets the width of the vectors.
#ifndef NTK_CPRODUCTS_H
#define NTK_CPRODUCTS_H

#include "Reflections.h"

/// out += a b.
///
/// Shape: out is m x n with element (i, j) at out[i * out_stride + j]; a is m x k with element (i, p) at
/// a[i * row_stride + p * column_stride]; b is k x n with element (p, j) at b[p * b_stride + j].
///
/// The rows of b must be readable up to a multiple of 64 bytes; the values there have no effect. The function is
/// fastest if b_stride is an odd number of cache lines, because the rows of b then use all sets of the cache. Sums over
/// p are in order, in pieces that depend only on k and that begin at 0.
void ntk_add_product_f64(
  long m, long n, long k, double *_Nonnull out, long out_stride, const double *_Nonnull a,
  long row_stride, long column_stride, const double *_Nonnull b, long b_stride);

/// out += a b in single precision, with the shapes of ntk_add_product_f64.
void ntk_add_product_f32(
  long m, long n, long k, float *_Nonnull out, long out_stride, const float *_Nonnull a,
  long row_stride, long column_stride, const float *_Nonnull b, long b_stride);

/// out += a b with accurate long sums: at most 256 values of p are summed in single precision, and these partial sums
/// are added in double precision.
void ntk_add_wide_product_f32(
  long m, long n, long k, double *_Nonnull out, long out_stride, const float *_Nonnull a,
  long row_stride, long column_stride, const float *_Nonnull b, long b_stride);

/// target = source' for a source of m x n: element (i, j), at source[i * source_stride + j], becomes
/// target[j * target_stride + i].
void ntk_transpose_f64(
  long m, long n, const double *_Nonnull source, long source_stride, double *_Nonnull target,
  long target_stride);

/// target = source' in single precision, as ntk_transpose_f64.
void ntk_transpose_f32(
  long m, long n, const float *_Nonnull source, long source_stride, float *_Nonnull target,
  long target_stride);

#endif
