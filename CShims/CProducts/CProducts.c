#include "CProducts.h"

#include <string.h>

// The sums fill the registers: 24 of the 32 of AVX-512, 12 of the 16 of AVX2, and 12 registers of 16 bytes otherwise.
#define ROWS 6
#if defined(__AVX512F__)
#define REGISTER_BYTES 64
#define REGISTERS 4
#else
#if defined(__AVX2__)
#define REGISTER_BYTES 32
#else
#define REGISTER_BYTES 16
#endif
#define REGISTERS 2
#endif

// The largest number of rows of b in one pass. This many rows, REGISTERS registers wide, stay in the first-level cache.
#define DEPTH 96

// Compilers tuned for some processors split wide vectors in two, which would need more registers than there are.
#if defined(__AVX512F__)
#define WIDE __attribute__((min_vector_width(512)))
#else
#define WIDE
#endif

#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

#define SCALAR double
#define NAME(x) x##_f64
#include "Products.inc"
#undef SCALAR
#undef NAME

#define SCALAR float
#define NAME(x) x##_f32
#include "Products.inc"

// The size of the blocks in which products are summed. A block stays in the first- or second-level cache.
#define SUM_ROWS 64
#define SUM_DEPTH 256
#define SUM_COLUMNS ((long)(REGISTERS * REGISTER_BYTES / sizeof(float)))

WIDE void ntk_add_wide_product_f32(
  long m, long n, long k, double *out, long out_stride, const float *a, long row_stride,
  long column_stride, const float *b, long b_stride) {
  float sums[SUM_ROWS * SUM_COLUMNS] __attribute__((aligned(REGISTER_BYTES)));
  for (long j = 0; j < n; j += SUM_COLUMNS) {
    long columns = n - j < SUM_COLUMNS ? n - j : SUM_COLUMNS;
    for (long i = 0; i < m; i += SUM_ROWS) {
      long rows = m - i < SUM_ROWS ? m - i : SUM_ROWS;
      for (long p = 0; p < k; p += SUM_DEPTH) {
        long depth = k - p < SUM_DEPTH ? k - p : SUM_DEPTH;
        memset(sums, 0, (size_t)(rows * SUM_COLUMNS) * sizeof(float));
        ntk_add_product_f32(
          rows, columns, depth, sums, SUM_COLUMNS, a + i * row_stride + p * column_stride,
          row_stride, column_stride, b + p * b_stride + j, b_stride);
        for (long r = 0; r < rows; r++) {
          double *to = out + (i + r) * out_stride + j;
          const float *from = sums + r * SUM_COLUMNS;
          if (columns == SUM_COLUMNS) {
            for (long c = 0; c < SUM_COLUMNS; c++) to[c] += (double)from[c];
          } else {
            for (long c = 0; c < columns; c++) to[c] += (double)from[c];
          }
        }
      }
    }
  }
}
