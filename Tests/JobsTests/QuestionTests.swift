import Jobs
import Testing

@Suite struct QuestionTests {
  private func job(_ sections: String) throws -> Job {
    try readJob(
      "{data: {synthetic: {}}, network: {preset: fcn, depth: 3}, output: runs/x, \(sections)}")
  }

  @Test("Results from before there were weights and other solvers answer jobs that ask for neither")
  func earlierResults() throws {
    let spectrum = try #require(try job("spectrum: {vectors: 5, checkpoint: 7}").spectrum)
    #expect(
      spectrum.question(isCentred: false)
        == "{vectors: 5, solver: auto, precision: f64, checkpoint: 600, centred: false}")
    let prediction = try #require(try job("prediction: {regularization: [0.01]}").prediction)
    #expect(
      prediction.question
        == "{regularization: [0.01], regularization_scale: relative, validation: 0, variance: false, "
        + "leave_one_out: false}")
  }

  @Test("Weights, their offset and a solver are asked for by name")
  func newQuestions() throws {
    let spectrum = try #require(
      try job("spectrum: {weights: true, target_offset: 0}").spectrum)
    let question = spectrum.question(isCentred: false)
    #expect(question.contains("weights: true") && question.contains("target_offset: 0"))
    #expect(!spectrum.question(isCentred: true).contains("weights"))
    let prediction = try #require(
      try job("prediction: {regularization: [0.01], solver: cg}").prediction)
    #expect(prediction.question.contains("solver: cg"))
  }
}
