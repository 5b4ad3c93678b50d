/// The trace of a kernel and the range of its eigenvalues.
package struct KernelExtent {
  package let trace: Double
  /// From the smallest eigenvalue, or zero if it is unknown, to the largest.
  package let range: ClosedRange<Double>

  package init(
    trace: Double, range: ClosedRange<Double>
  ) {
    self.trace = trace
    self.range = range
  }
}
