import COpenBLAS
import Failures
import Glibc

/// The BLAS library of this process.
public enum OpenBLAS {
  /// Sets the number of threads that BLAS routines use. Local. No other thread may be inside BLAS during this call.
  public static func setThreads(_ count: Int) {
    ntk_blas_set_threads(Int32(clamping: max(count, 1)))
  }

  /// Sets the number of threads to one, unless it already is. Local. Other threads may be inside BLAS.
  public static func useOneThread() {
    if ntk_blas_threads() != 1 { ntk_blas_set_threads(1) }
  }

  /// Version and build options, such as `OpenBLAS 0.3.21 DYNAMIC_ARCH ... SkylakeX`. Local.
  public static var configuration: String { String(cString: ntk_blas_configuration()) }

  /// Name and version, such as `OpenBLAS 0.3.21`. Local.
  public static var version: String {
    configuration.split(separator: " ").prefix(2).joined(separator: " ")
  }

  /// The processor for which the active compute kernels of OpenBLAS were written, such as `SkylakeX`. Local.
  ///
  /// Source: openblas_get_corename.
  public static var kernels: String { String(cString: ntk_blas_core_name()) }

  /// Throws if there is no memory for the buffer that OpenBLAS allocates at the first product of each thread. Without
  /// that memory, the library would retry forever.
  ///
  /// Local. Call it before any other routine.
  ///
  /// - Parameter threads: The number of threads that will be inside BLAS at the same time.
  public static func requireMemory(threads: Int = 1) throws {
    let bytes = 136 << 20
    // One mapping per buffer, as OpenBLAS allocates them.
    let buffers = (0..<threads).map { _ in
      mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    }
    for buffer in buffers where buffer != MAP_FAILED { munmap(buffer, bytes) }
    guard !buffers.contains(MAP_FAILED) else {
      throw Refusal(
        .resource,
        "no \(threads * bytes >> 20) MB of memory for the buffers of OpenBLAS; raise the limit of "
          + "memory (ulimit -v)")
    }
    // This product makes OpenBLAS allocate its buffer, which it keeps.
    var (a, c) = (1.0, 0.0)
    dsyrk(.lower, n: 1, k: 1, &a, lda: 1, &c, ldc: 1)
  }
}
