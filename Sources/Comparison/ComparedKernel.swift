import Assembly
import Jobs
import Results
import TileStore

/// One kernel of one run that is compared with others.
package struct ComparedKernel: Codable, Equatable {
  /// How tables and keys name it.
  package var label: String
  /// The run's folder, as it was named.
  package var run: String
  /// nngp, ntk or kernel.
  package var kernel: String
  /// What of a sweep it is; empty where nothing varies.
  package var variant: String
  /// The file of its eigenvectors; nil where there are none.
  package var vectors: String?

  package init(
    label: String, run: String, kernel: KernelKind, variant: String, vectors: String? = nil
  ) {
    self.label = label
    self.run = run
    self.kernel = kernel.rawValue
    self.variant = variant
    self.vectors = vectors
  }

  /// Which of a run's kernels it is.
  package var kind: KernelKind { KernelKind(rawValue: kernel) ?? .ntk }

  /// Its array of the training images. Local. Errors: a run that has none, a damaged one.
  func array() throws -> TileArray {
    try KernelStore.trainingArray(of: RunFolder(run), variant: variant, kernel: kind)
  }
}
