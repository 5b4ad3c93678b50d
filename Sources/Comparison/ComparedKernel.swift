import Assembly
import Jobs
import Results
import TileStore

/// One kernel of one run, which is compared with others.
package struct ComparedKernel: Codable, Equatable {
  /// The name of the kernel in tables and keys.
  package var label: String
  /// The folder of the run, as the user named it.
  package var run: String
  /// The kind of kernel: nngp, ntk or kernel.
  package var kernel: String
  /// The name of the variant in a sweep; empty if nothing varies.
  package var variant: String
  /// The file of the eigenvectors; nil if there are none.
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

  /// The kind of kernel.
  package var kind: KernelKind { KernelKind(rawValue: kernel) ?? .ntk }

  /// The array of the kernel of the training images. Local. Errors: a run without such an array, a damaged run.
  func array() throws -> TileArray {
    try KernelStore.trainingArray(of: RunFolder(run), variant: variant, kernel: kind)
  }
}
