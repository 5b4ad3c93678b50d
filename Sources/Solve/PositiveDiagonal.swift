import Failures

/// Throws if the diagonal of a kernel has a mean that no section of a job can use as its unit, such as the kernel of
/// images that are all zero. Local.
func requirePositive(
  _ meanDiagonal: Double, _ label: String, section: String
) throws(Refusal) {
  guard !(meanDiagonal > 0) else { return }
  throw Refusal(
    .badData,
    "the diagonal of \(label) has the mean \(meanDiagonal), and \(section) needs a positive one; check the data and "
      + "the network's variances, or leave \(section) out")
}
