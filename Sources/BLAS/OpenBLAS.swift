import COpenBLAS
import Failures
import Glibc

/// The BLAS library of this process.
public enum OpenBLAS {
  /// Sets how many threads its routines use. Local; call it where no other thread is inside BLAS.
  public static func setThreads(_ count: Int) {
    ntk_blas_set_threads(Int32(clamping: max(count, 1)))
  }

  /// Sets one thread where that is not so yet. Local; other threads may be inside BLAS.
  public static func useOneThread() {
    if ntk_blas_threads() != 1 { ntk_blas_set_threads(1) }
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

  /// Throws where there is no memory for the buffer that OpenBLAS takes at a thread's first product; the
  /// library would try for ever. Local; call it before any other routine.
  ///
  /// - Parameter threads: that will be inside BLAS at once.
  public static func requireMemory(threads: Int = 1) throws {
    let bytes = 136 << 20
    // One mapping each, as OpenBLAS takes them.
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
    // Takes the buffer, which the library keeps.
    var (a, c) = (1.0, 0.0)
    dsyrk(.lower, n: 1, k: 1, &a, lda: 1, &c, ldc: 1)
  }
}
