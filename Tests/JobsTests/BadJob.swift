import JobDocuments
import Jobs
import Testing

/// A bad job and what its error must say.
struct BadJob: Sendable, CustomTestStringConvertible {
  let yaml: String
  let mistake: JobError.Mistake
  let path: String
  let line: Int
  /// Parts of the sentence, separated by `|`.
  let says: String

  init(_ yaml: String, _ mistake: JobError.Mistake, _ path: String, line: Int = 1, _ says: String) {
    self.yaml = yaml
    self.mistake = mistake
    self.path = path
    self.line = line
    self.says = says
  }

  var testDescription: String { yaml }

  /// A job that is right but for one more line, its fourth.
  static func base(
    _ extra: String, _ mistake: JobError.Mistake, _ path: String, _ says: String
  ) -> BadJob {
    let text = "data: {cifar10: c, train: 100}\nnetwork: [flatten, dense]\noutput: o\n"
    return BadJob(text + extra, mistake, path, line: 4, says)
  }

  /// A job with this `data`, on line 1.
  static func data(
    _ data: String, _ mistake: JobError.Mistake, _ path: String, _ says: String
  ) -> BadJob {
    BadJob("data: \(data)\nnetwork: [flatten, dense]\noutput: o", mistake, path, says)
  }

  /// A job with this `network`, on line 2.
  static func network(
    _ network: String, _ mistake: JobError.Mistake, _ path: String, line: Int = 2, _ says: String
  ) -> BadJob {
    BadJob(
      "{data: {synthetic: {}}, output: o,\nnetwork: \(network)}", mistake, path, line: line, says)
  }
}
