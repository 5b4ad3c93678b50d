import COpenBLAS

/// The BLAS library of this process.
public enum OpenBLAS {
  /// Sets how many threads its routines use. Local; call it where no other thread is inside BLAS.
  public static func setThreads(_ count: Int) {
    ntk_blas_set_threads(Int32(clamping: max(count, 1)))
  }

  /// How many threads its routines use. Local.
  public static var threads: Int { Int(ntk_blas_threads()) }

  /// Version and build options, such as `OpenBLAS 0.3.21 DYNAMIC_ARCH ... SkylakeX`. Local.
  public static var configuration: String { String(cString: ntk_blas_configuration()) }

  /// The processor its kernels were chosen for. Local.
  public static var core: String { String(cString: ntk_blas_core()) }
}
