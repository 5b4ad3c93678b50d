import Results
import Testing

@Suite struct RegressionScoreTests {
  @Test("The first of equal predictions is the guess, as numpy.argmax")
  func ties() {
    let score = RegressionScore([0, 0, 0, 1, 1, 0], [0, 1], classes: 3, offset: 0)
    #expect(score.correct == 1 && score.accuracy == 0.5)
    #expect(score.confusion == [[1, 0, 0], [1, 0, 0], [0, 0, 0]])
  }

  @Test("The error is the mean over images and classes of the squared distance to the targets")
  func error() {
    let targets = RegressionScore.targets([1], classes: 2, offset: 0.5)
    #expect(targets == [-0.5, 0.5])
    let score = RegressionScore([0.5, 0.5], [1], classes: 2, offset: 0.5)
    #expect(score.meanSquaredError == 0.5)
  }

  @Test("Summaries hold no confusion matrix of many classes, files hold any")
  func manyClasses() {
    let classes = RegressionScore.mostClasses + 1
    let predictions = [Double](repeating: 0, count: classes)
    #expect(RegressionScore(predictions, [5], classes: classes, offset: 0).confusion == nil)
    let counts = RegressionScore.confusion(predictions, [5], classes: classes)
    #expect(counts[5 * classes] == 1 && counts.reduce(0, +) == 1)
  }
}
