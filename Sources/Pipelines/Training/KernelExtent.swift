/// What a spectrum says of a kernel to those who do without its eigenvectors.
struct KernelExtent {
  let trace: Double
  /// From the least eigenvalue, or zero where it is not known, to the largest.
  let range: ClosedRange<Double>
}
