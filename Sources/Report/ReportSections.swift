import Plots

/// The contents of a report, in order; sections without anything to show are left out.
struct ReportSections {
  private let record: RunRecord

  init(_ record: RunRecord) { self.record = record }

  /// The sentence under the title.
  var lead: String {
    let hasResults = !record.kernels.isEmpty
    if record.job.network == nil {
      let points = record.summary.data.map { " of \($0.train) training and \($0.test) test points" }
      let kernel = record.job.kernel == nil ? "The kernel of features" : "A given kernel"
      return "\(kernel)\(points ?? "")"
        + (hasResults ? ", with what its spectrum and kernel regression say." : Self.none)
    }
    let count = record.summary.variants.count
    let networks = count == 1 ? "one network" : "\(count) networks"
    guard let data = record.summary.data else { return "A run of \(networks)." }
    return "Infinite-width kernels of \(networks) on \(data.train) training and \(data.test) test "
      + "images" + (hasResults ? ", with what their spectra and kernel regression say." : Self.none)
  }

  private static let none = ". There are no results yet."

  /// The sections; `figures` draws plots.
  func sections(_ figures: ([Plot]) throws -> [Page.Part]) throws -> [Page.Section] {
    [
      Page.Section("Run", ReportTables.run(record)),
      Page.Section(
        "Spectra", try figures(SpectrumFigures.plots(record)) + ReportTables.spectra(record)),
      Page.Section("Conditioning", try figures(SweepFigures.conditioning(record))),
      Page.Section(
        "Mean-field theory",
        try figures(PhaseDiagramFigure.plots(record)) + ReportTables.theory(record)),
      Page.Section(
        "Predictions",
        try figures(SweepFigures.results(record) + PredictionFigures.plots(record))
          + ReportTables.predictions(record)),
      Page.Section("Training", try figures(LearningFigures.plots(record))),
      Page.Section(
        "Learning from the spectrum",
        try figures(GeneralizationFigures.plots(record)) + ReportTables.generalization(record)),
      Page.Section("Targets and eigenvectors", try figures(AlignmentFigures.plots(record))),
      Page.Section("Timings", ReportTables.timings(record)),
    ].filter { !$0.parts.isEmpty }
  }
}
