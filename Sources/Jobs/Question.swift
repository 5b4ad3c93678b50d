// What each stage is asked, as text: a result that is kept answers a job where its text is the job's. A
// new key of a section changes the text, so that it cannot be forgotten.

extension SpectrumSection {
  /// What decides the eigenvalues and eigenvectors of a kernel; when states are kept does not.
  package func question(isCentred: Bool) -> String {
    var section = self
    section.checkpoint = SpectrumSection().checkpoint
    section.centred = isCentred
    if isCentred { (section.vectors, section.weights) = (.leading(0), false) }
    // Without weights, it decides nothing.
    if !section.weights { section.targetOffset = nil }
    // The text of results from before there were weights.
    return Self.keys.text(section, without: section.weights ? [] : ["weights"]).flow
  }
}

extension DensitySection {
  /// What decides the density.
  package var question: String { Self.keys.text(self).flow }
}

extension PredictionSection {
  /// What decides the predictions; when states are kept does not.
  package var question: String {
    var section = self
    section.iteration?.checkpoint = IterationSection().checkpoint
    // The text of results from before there were other solvers.
    return Self.keys.text(section, without: section.solver == .auto ? ["solver"] : []).flow
  }
}

extension TrainingSection {
  /// What decides the outputs over time.
  ///
  /// - Parameter hasEigenvectors: whether training goes by all eigenvectors.
  package func question(hasEigenvectors: Bool) -> String {
    Self.keys.text(self).flow + (hasEigenvectors ? " by all eigenvectors" : "")
  }
}

extension AlignmentSection {
  /// What decides the alignment.
  ///
  /// - Parameters:
  ///   - vectors: leading eigenvectors that the targets are looked at in.
  ///   - kernels: kernels of the run, whose cosine is taken.
  package func question(vectors: Int, kernels: [KernelKind]) -> String {
    Self.keys.text(self).flow + " in \(vectors) eigenvectors of "
      + kernels.map(\.rawValue).joined(separator: " and ")
  }
}
