import Assembly
import Jobs
import Results

/// One matrix whose spectrum is wanted.
package struct SpectrumSubject {
  /// Number and name of the network.
  package let variant: Int
  package let variantName: String
  package let kernel: KernelKind
  /// Whether it is the kernel centred on the training images.
  package let isCentred: Bool

  package init(_ assignment: Assignment, variant: Int, kernel: KernelKind, isCentred: Bool) {
    self.variant = variant
    variantName = assignment.variants[variant].name
    self.kernel = kernel
    self.isCentred = isCentred
  }

  /// What its files' names begin with.
  package var stem: String { kernel.rawValue + (isCentred ? "_centred" : "") }

  /// As messages name it.
  package var label: String {
    Assignment.label(variantName, kernel) + (isCentred ? " centred" : "")
  }

  /// Where the summary has its spectrum.
  package var place: WritableKeyPath<Summary.KernelSummary, SpectrumSummary?> {
    isCentred ? \.centredSpectrum : \.spectrum
  }

  /// The eigenvalues of interest among all, ascending: without the constant vector's zero of a centred
  /// kernel.
  package func values(of all: [Double]) -> [Double] {
    guard isCentred, let zero = all.indices.min(by: { abs(all[$0]) < abs(all[$1]) }) else {
      return all
    }
    return all.enumerated().filter { $0.offset != zero }.map(\.element)
  }
}
