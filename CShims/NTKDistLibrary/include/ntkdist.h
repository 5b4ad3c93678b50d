/// libntkdist: exact infinite-width kernels (NNGP and NTK) of arrays, in the memory of one process.
///
///     ntkdist_network *network;
///     char *message;
///     if (ntkdist_network_create("{preset: fcn, depth: 3}", 1, 1, 3072, 64, &network, &message)) ...
///     ntkdist_results results = {.size = sizeof results, .ntk = ntk};
///     if (ntkdist_kernel(network, x, n, NULL, 0, NULL, &results, &message)) ...
///
/// Functions with a `message` return 0 or a status of sysexits.h, as the program's exit statuses: 64 the
/// call is wrong, 65 bad data, 66 a missing file, 69 a resource of the machine is missing, 70 the library
/// is at fault, 74 a file cannot be read, 75 canceled, 78 bad network. Then *message is one sentence, to
/// be freed with ntkdist_free; else it is NULL. `message` itself may be NULL.
///
/// Every function may be called from several threads at once. The library starts threads for a kernel
/// and ends them before it returns, so a process may fork between calls. OpenBLAS is set to one thread.
#ifndef NTKDIST_H
#define NTKDIST_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A network for images of one shape, checked and compiled.
typedef struct ntkdist_network ntkdist_network;

/// The version, for example "0.1.0". Not to be freed.
const char *ntkdist_version(void);

/// What the arithmetic is compiled for: "x86-64-v2", "x86-64-v3", "x86-64-v4", "armv8-a", or "native" for
/// the machine that built the library. Not to be freed.
const char *ntkdist_isa(void);

/// Makes a network.
///
/// text: YAML or JSON, the value of a job's `network`, or a mapping with that key. One network, so no
/// lists of depths or variances. height, width, channels: of the images (vectors: 1, 1, D). precision:
/// 64 or 32, the arithmetic.
int32_t ntkdist_network_create(
    const char *text, int64_t height, int64_t width, int64_t channels, int32_t precision,
    ntkdist_network **network, char **message);

/// Frees a network that no call uses any more; NULL is allowed.
void ntkdist_network_free(ntkdist_network *network);

/// Describes a network as JSON, to be freed with ntkdist_free: {"text": what `ntk-dist network` prints,
/// "layers": the layers with presets expanded and repetitions folded, "certificates": how exactly each
/// activation without a closed form is computed}.
int32_t ntkdist_network_describe(const ntkdist_network *network, char **json, char **message);

/// Frees a text; NULL is allowed.
void ntkdist_free(char *text);

/// What a kernel calls now and then, from the thread that called ntkdist_kernel: the fraction done, 0 to
/// 1. A result that is not 0 cancels the kernel, which then returns 75.
typedef int32_t (*ntkdist_progress)(double fraction, void *context);

/// How a kernel is computed. What is 0 has its default.
typedef struct {
  /// sizeof(ntkdist_options).
  int64_t size;
  /// 0: NTK_DIST_NUM_THREADS or OMP_NUM_THREADS, or else as many as the process may use processors.
  int32_t threads;
  /// Must be 0.
  int32_t reserved;
  /// May be NULL. Called at least every 50 ms where a kernel takes that long.
  ntkdist_progress progress;
  /// Given to `progress`.
  void *context;
} ntkdist_options;

/// Where results go; each pointer may be NULL. Matrices [n1, n2] row-major, vectors [n1] and [n2].
/// After a status other than 0 the contents are undefined.
typedef struct {
  /// sizeof(ntkdist_results).
  int64_t size;
  /// The kernels: [n1, n2].
  double *nngp, *ntk;
  /// sqrt(K(x,x) K(x',x')) - K(x,x') of the NNGP kernel, and the same of the NTK, with digits of their own
  /// where the kernels have lost them: [n1, n2].
  double *nngp_deficit, *ntk_deficit;
  /// The kernels of each image with itself: [n1].
  double *nngp_diagonal1, *ntk_diagonal1;
  /// The same: [n2].
  double *nngp_diagonal2, *ntk_diagonal2;
} ntkdist_results;

/// Computes kernels.
///
/// x1: images [n1, height, width, channels], row-major; x2: [n2, ...], or NULL for the symmetric kernel of
/// x1, whose n2 is n1. options may be NULL. The kernels are those that `ntk-dist kernel` writes, to the
/// last bit, whatever the number of threads.
int32_t ntkdist_kernel(
    const ntkdist_network *network, const double *x1, int64_t n1, const double *x2, int64_t n2,
    const ntkdist_options *options, const ntkdist_results *results, char **message);

/// Mean-field theory of an activation, as `ntk-dist phase --format json` prints it, to be freed with
/// ntkdist_free. activation: a name, or {name: {parameter: value}} as in a job.
int32_t ntkdist_mean_field(
    const char *activation, double weight_variance, double bias_variance, char **json,
    char **message);

#ifdef __cplusplus
}
#endif

#endif
