/// What a spectrum says of a kernel to those who do without its eigenvectors.
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
