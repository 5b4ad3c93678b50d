/// The trace and the range of the eigenvalues of a kernel.
package struct KernelExtent {
  package let trace: Double
  /// From the least eigenvalue, or zero where it is not known, to the largest.
  package let range: ClosedRange<Double>

  package init(
    trace: Double, range: ClosedRange<Double>
  ) {
    self.trace = trace
    self.range = range
  }
}
