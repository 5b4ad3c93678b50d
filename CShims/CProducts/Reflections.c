#include "Reflections.h"

// 64 rows are eight of these vectors. With AVX-512, each vector fits in one register.
typedef double numbers __attribute__((ext_vector_type(8), aligned(8), may_alias));
#define ROWS 64
// Compilers tuned for some processors would split the vectors in two.
#if defined(__AVX512F__)
#define WIDE __attribute__((min_vector_width(512)))
#else
#define WIDE
#endif
#define PARTS 8
#define AT(pointer) (*(numbers *)(pointer))
#define VALUES(pointer) (*(const numbers *)(pointer))

// Passed by address: each instruction set would pass an argument of this size differently.
static inline __attribute__((always_inline)) double sum(const numbers *values) {
  numbers a = *values;
  return ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]));
}

WIDE static void reflect_right_64(
  long count, double *b, long ld, const double *v, double tau, double *w) {
  numbers sums[PARTS] = {0};
  for (long j = 0; j < count; j++) {
    for (int i = 0; i < PARTS; i++) sums[i] += VALUES(b + j * ld + 8 * i) * v[j];
  }
  for (int i = 0; i < PARTS; i++) {
    sums[i] *= -tau;
    AT(w + 8 * i) = sums[i];
    AT(b + 8 * i) += sums[i] * v[0];
  }
}

void ntk_reflect_right(
  long rows, long count, double *b, long ld, const double *v, double tau, double *w) {
  if (rows == ROWS) return reflect_right_64(count, b, ld, v, tau, w);
  for (long i = 0; i < rows; i++) w[i] = 0;
  for (long j = 0; j < count; j++) {
    for (long i = 0; i < rows; i++) w[i] += b[j * ld + i] * v[j];
  }
  for (long i = 0; i < rows; i++) {
    w[i] *= -tau;
    b[i] += w[i] * v[0];
  }
}

WIDE static void reflect_left_64(
  long count, double *b, long ld, const double *v, const double *w, const double *left,
  double left_tau) {
  numbers right[PARTS], reflector[PARTS];
  for (int i = 0; i < PARTS; i++) {
    right[i] = VALUES(w + 8 * i);
    reflector[i] = VALUES(left + 8 * i);
  }
  for (long j = 1; j < count; j++) {
    double *column = b + j * ld;
    numbers values[PARTS], even = 0, odd = 0;
    for (int i = 0; i < PARTS; i++) values[i] = VALUES(column + 8 * i) + right[i] * v[j];
    for (int i = 0; i < PARTS; i += 2) {
      even += values[i] * reflector[i];
      odd += values[i + 1] * reflector[i + 1];
    }
    even += odd;
    double scale = -left_tau * sum(&even);
    for (int i = 0; i < PARTS; i++) AT(column + 8 * i) = values[i] + reflector[i] * scale;
  }
}

void ntk_reflect_left(
  long rows, long count, double *b, long ld, const double *v, const double *w, const double *left,
  double left_tau) {
  if (rows == ROWS) return reflect_left_64(count, b, ld, v, w, left, left_tau);
  for (long j = 1; j < count; j++) {
    double *column = b + j * ld, product = 0;
    for (long i = 0; i < rows; i++) {
      column[i] += w[i] * v[j];
      product += column[i] * left[i];
    }
    for (long i = 0; i < rows; i++) column[i] -= left_tau * product * left[i];
  }
}

/// products = D v, reading the lower triangle of the symmetric matrix D.
WIDE static void multiply_64(const double *d, long ld, const double *v, double *products) {
  numbers sums[PARTS] = {0};
  double across[ROWS];
  for (int part = 0; part < PARTS; part++) {
    for (int place = 0; place < 8; place++) {
      long j = 8 * part + place;
      const double *column = d + j * ld;
      numbers values = 0;
      for (int i = place; i < 8; i++) values[i] = column[8 * part + i];
      sums[part] += values * v[j];
      values[place] = 0;
      numbers dot = values * VALUES(v + 8 * part);
      for (int i = part + 1; i < PARTS; i++) {
        numbers below = VALUES(column + 8 * i);
        sums[i] += below * v[j];
        dot += below * VALUES(v + 8 * i);
      }
      across[j] = sum(&dot);
    }
  }
  for (int i = 0; i < PARTS; i++) AT(products + 8 * i) = sums[i] + VALUES(across + 8 * i);
}

static void multiply(long rows, const double *d, long ld, const double *v, double *products) {
  for (long i = 0; i < rows; i++) products[i] = 0;
  for (long j = 0; j < rows; j++) {
    const double *column = d + j * ld;
    double dot = column[j] * v[j];
    for (long i = j + 1; i < rows; i++) {
      products[i] += column[i] * v[j];
      dot += column[i] * v[i];
    }
    products[j] += dot;
  }
}

void ntk_reflect_both(long rows, double *d, long ld, const double *v, double tau, double *w) {
  // Computes D - v w' - w v' with w = tau (D v - (tau v'D v / 2) v).
  if (rows == ROWS) {
    multiply_64(d, ld, v, w);
  } else {
    multiply(rows, d, ld, v, w);
  }
  double dot = 0;
  for (long i = 0; i < rows; i++) dot += w[i] * v[i];
  double half = tau * dot / 2;
  for (long i = 0; i < rows; i++) w[i] = tau * (w[i] - half * v[i]);
  for (long j = 0; j < rows; j++) {
    double *column = d + j * ld;
    for (long i = j; i < rows; i++) column[i] -= v[i] * w[j] + w[i] * v[j];
  }
}
