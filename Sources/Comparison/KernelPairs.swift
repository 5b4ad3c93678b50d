/// The pairs of several kernels, numbered (0, 1), (0, 2), ..., (1, 2), ...
package struct KernelPairs: Equatable {
  /// The number of kernels.
  package let kernels: Int

  package init(of kernels: Int) { self.kernels = kernels }

  /// The number of pairs.
  package var count: Int { kernels * (kernels - 1) / 2 }

  /// The pairs in order; `first` is the smaller number.
  package var all: [(first: Int, second: Int)] {
    (0..<kernels).flatMap { first in (first + 1..<max(kernels, first + 1)).map { (first, $0) } }
  }
}
