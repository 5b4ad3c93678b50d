// The question that each stage answers, as text. A stored result answers a job if its text equals
// the text of the job. A new key of a section changes the text automatically, so it cannot be forgotten.

extension SpectrumSection {
  /// Everything that determines the eigenvalues and eigenvectors of a kernel. The times at which
  /// states are saved do not.
  package func question(isCentred: Bool) -> String {
    var section = self
    section.checkpoint = SpectrumSection().checkpoint
    section.centred = isCentred
    if isCentred { (section.vectors, section.weights) = (.leading(0), false) }
    // Without weights, the target offset has no influence.
    if !section.weights { section.targetOffset = nil }
    // This keeps the text of results from before weights existed.
    return Self.keys.text(section, without: section.weights ? [] : ["weights"]).flow
  }
}

extension DensitySection {
  /// Everything that determines the density.
  package var question: String { Self.keys.text(self).flow }
}

extension PredictionSection {
  /// Everything that determines the predictions. The times at which states are saved do not.
  package var question: String {
    var section = self
    section.iteration?.checkpoint = IterationSection().checkpoint
    // This keeps the text of results from before other solvers existed.
    return Self.keys.text(section, without: section.solver == .auto ? ["solver"] : []).flow
  }
}

extension TrainingSection {
  /// Everything that determines the outputs over time.
  ///
  /// - Parameter hasEigenvectors: whether training uses all eigenvectors.
  package func question(hasEigenvectors: Bool) -> String {
    Self.keys.text(self).flow + (hasEigenvectors ? " by all eigenvectors" : "")
  }
}

extension AlignmentSection {
  /// Everything that determines the alignment.
  ///
  /// - Parameters:
  ///   - vectors: the number of leading eigenvectors in which the targets are expanded.
  ///   - kernels: the kernels of the run; the cosine is taken between them.
  package func question(vectors: Int, kernels: [KernelKind]) -> String {
    Self.keys.text(self).flow + " in \(vectors) eigenvectors of "
      + kernels.map(\.rawValue).joined(separator: " and ")
  }
}
