/// kernel TEXT HEIGHT WIDTH CHANNELS PRECISION N1 N2 < IMAGES > KERNELS
///
/// Reads N1 + N2 images, float64, and writes the NNGP kernel and the NTK of the first N1 and the other N2;
/// with N2 = 0 those of the first with themselves. An example of the library in C, and a test.
#include <stdio.h>
#include <stdlib.h>

#include "ntkdist.h"

static int32_t show(double fraction, void *context) {
  fprintf((FILE *)context, "%.0f %%\n", 100 * fraction);
  return 0;
}

static int fail(int32_t status, char *message) {
  fprintf(stderr, "kernel: %s\n", message);
  ntkdist_free(message);
  return status;
}

int main(int argc, char **argv) {
  if (argc != 8) return 64;
  int64_t number[7];
  for (int i = 2; i < 8; i++) number[i - 1] = atoll(argv[i]);
  int64_t features = number[1] * number[2] * number[3], n1 = number[5], n2 = number[6];
  ntkdist_network *network;
  char *message;
  int32_t status = ntkdist_network_create(
      argv[1], number[1], number[2], number[3], (int32_t)number[4], &network, &message);
  if (status) return fail(status, message);

  size_t numbers = (size_t)((n1 + n2) * features), entries = (size_t)(n1 * (n2 ? n2 : n1));
  double *images = malloc(numbers * sizeof *images);
  double *kernels = malloc(2 * entries * sizeof *kernels);
  if (!images || !kernels || fread(images, sizeof *images, numbers, stdin) != numbers) return 66;

  ntkdist_options options = {.size = sizeof options, .progress = show, .context = stderr};
  ntkdist_results results = {.size = sizeof results, .nngp = kernels, .ntk = kernels + entries};
  status = ntkdist_kernel(
      network, images, n1, n2 ? images + n1 * features : NULL, n2, &options, &results, &message);
  if (status) return fail(status, message);
  fwrite(kernels, sizeof *kernels, 2 * entries, stdout);
  free(kernels);
  free(images);
  ntkdist_network_free(network);
  return 0;
}
