/// A result of a stage, and the question that it answers.
package protocol Answer: Codable {
  /// What was asked, as the job's section says it with every default; nil where no later job can have
  /// asked the same.
  var question: String? { get set }
}

extension SpectrumSummary: Answer {}
extension PredictionSummary: Answer {}
extension TrainingSummary: Answer {}
extension AlignmentSummary: Answer {}
extension GeneralizationSummary: Answer {}
