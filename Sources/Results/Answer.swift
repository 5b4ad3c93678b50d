/// A result of a stage and the question that it answers.
package protocol Answer: Codable {
  /// The question that was asked: the job's section with every default; nil if no later job can ask
  /// the same question.
  var question: String? { get set }
}

extension SpectrumSummary: Answer {}
extension DensitySummary: Answer {}
extension PredictionSummary: Answer {}
extension TrainingSummary: Answer {}
extension AlignmentSummary: Answer {}
extension GeneralizationSummary: Answer {}
