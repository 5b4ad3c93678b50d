import Assembly
import Jobs
import Results

/// A matrix whose spectrum is to be computed.
package struct SpectrumSubject {
  /// The number and name of the network.
  package let variant: Int
  package let variantName: String
  package let kernel: KernelKind
  /// Whether the kernel is centered on the training images.
  package let isCentred: Bool

  package init(_ assignment: Assignment, variant: Int, kernel: KernelKind, isCentred: Bool) {
    self.variant = variant
    variantName = assignment.variants[variant].name
    self.kernel = kernel
    self.isCentred = isCentred
  }

  /// The beginning of the names of its files.
  package var stem: String { kernel.rawValue + (isCentred ? "_centred" : "") }

  /// The name in messages.
  package var label: String {
    Assignment.label(variantName, kernel) + (isCentred ? " centred" : "")
  }

  /// The place of its spectrum in the summary.
  package var place: WritableKeyPath<Summary.KernelSummary, SpectrumSummary?> {
    isCentred ? \.centredSpectrum : \.spectrum
  }

  /// The eigenvalues of interest, given all eigenvalues in ascending order. For a centered kernel, leaves out the zero
  /// eigenvalue of the constant vector.
  package func values(of all: [Double]) -> [Double] {
    guard isCentred, let zero = all.indices.min(by: { abs(all[$0]) < abs(all[$1]) }) else {
      return all
    }
    return all.enumerated().filter { $0.offset != zero }.map(\.element)
  }
}
