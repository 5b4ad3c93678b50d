import JobDocuments

/// A job's `kernel`: files with kernels that another program has computed.
public struct KernelSection: Sendable, Equatable {
  /// The kernel of the training points, symmetric, [n, n].
  public var train: String
  /// The kernel of the test points (rows) and the training points, [m, n]; nil without test points.
  public var test: String?
  /// The kernel of each test point with itself, [m]; nil if it is not known.
  public var testDiagonal: String?

  /// The kernels in these files.
  public init(train: String, test: String? = nil, testDiagonal: String? = nil) {
    (self.train, self.test, self.testDiagonal) = (train, test, testDiagonal)
  }
}

extension KernelSection {
  static let keys = SectionKeys<KernelSection>([
    Key(
      "train", \.train, .path,
      absent: .required("name the file of the kernel of the training points, .npy or Zarr"),
      "The kernel of the training points, symmetric, [n, n]."),
    Key(
      "test", optional: \.test, .path, absent: .words("no test points"),
      "The kernel of the test points, a row each, and the training points, [m, n]."),
    Key(
      "test_diagonal", optional: \.testDiagonal, .path, absent: .words("not known"),
      "The kernel of each test point with itself, [m]; `prediction.variance` needs it."),
  ])

  /// Reads `kernel`. Errors: missingKey, wrongType, conflict.
  init(_ item: Item) throws(JobError) {
    self = try item.value(Self.keys.form(from: KernelSection(train: "")))
    guard testDiagonal != nil, test == nil else { return }
    throw item.error(
      .conflict,
      "\(item.path).test_diagonal is given without \(item.path).test; give both, or leave it out")
  }
}
