import NumPyFiles

/// The file of eigenvectors. Rank 0 writes it row by row.
final class VectorFile {
  private var file: NumPyRowAppender?

  func open(_ path: String, columns: Int) throws {
    file = try NumPyRowAppender(path: path, rowShape: [columns])
  }

  func append(_ values: UnsafeBufferPointer<Double>) throws { try file?.append(values) }

  func publish() throws {
    guard let complete = file.take() else { return }
    try complete.publish()
  }
}
