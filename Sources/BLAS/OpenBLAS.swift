import COpenBLAS
import Failures
import Glibc

/// The BLAS library of this process.
public enum OpenBLAS {
  /// Sets how many threads its routines use. Local; call it where no other thread is inside BLAS.
  public static func setThreads(_ count: Int) {
    ntk_blas_set_threads(Int32(clamping: max(count, 1)))
  }

  /// Version and build options, such as `OpenBLAS 0.3.21 DYNAMIC_ARCH ... SkylakeX`. Local.
  public static var configuration: String { String(cString: ntk_blas_configuration()) }

  /// Name and version, such as `OpenBLAS 0.3.21`. Local.
  public static var version: String {
    configuration.split(separator: " ").prefix(2).joined(separator: " ")
  }

  /// The processor that its kernels in use were written for, such as `SkylakeX`. Local.
  ///
  /// Source: openblas_get_corename.
  public static var kernels: String { String(cString: ntk_blas_core_name()) }

  /// Throws where there is no memory for the buffer that OpenBLAS takes at its first product; the
  /// library would try for ever. Local; call it before any other routine.
  public static func requireMemory() throws {
    let bytes = 136 << 20
    let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard memory != MAP_FAILED else {
      throw Refusal(
        .resource,
        "no \(bytes >> 20) MB of memory for the buffers of OpenBLAS; raise the limit of memory "
          + "(ulimit -v)")
    }
    munmap(memory, bytes)
    // Takes the buffer, which the library keeps.
    var (a, c) = (1.0, 0.0)
    dsyrk(.lower, n: 1, k: 1, &a, lda: 1, &c, ldc: 1)
  }
}
