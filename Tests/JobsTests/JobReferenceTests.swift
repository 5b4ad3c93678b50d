import Foundation
import JobDocuments
import Jobs
import Testing

@Suite struct JobReferenceTests {
  @Test("docs/reference/job-keys.md is what the program prints; `make reference` writes it")
  func page() throws {
    let page = JobFilesTests.root.appending(path: "docs/reference/job-keys.md")
    #expect(try String(contentsOf: page, encoding: .utf8) == JobReference.text)
  }

  @Test("every section can be asked for, and the whole is made of them")
  func sections() throws {
    #expect(JobReference.names.contains("data.preprocessing"))
    for name in JobReference.names {
      let text = try #require(JobReference.text(of: name))
      #expect(text.hasPrefix("## \(name)\n"))
      #expect(JobReference.text.contains(text) || name.contains("."))
    }
    #expect(JobReference.text(of: "spectra") == nil)
  }

  @Test("every key of every section is in the reference, with its default")
  func keys() throws {
    let job = try readJob(
      "{data: {synthetic: {}}, network: {preset: cnn-gap, depth: 1}, spectrum: {vectors: all}, "
        + "prediction: {regularization: [0]}, training: {times: [1]}, alignment: {}, output: o}")
    // What a resolved job spells out is documented.
    for line in job.resolvedYAML().split(separator: "\n") {
      let key = line.split(separator: ":")[0].trimmingCharacters(in: .whitespaces)
      #expect(JobReference.text.contains("`\(key)`"), "\(key)")
    }
    #expect(JobReference.text.contains("- `checkpoint` (a finite number, 0 or more, in seconds; "))
    #expect(JobReference.text.contains("default `600`"))
    for line in JobReference.text.split(separator: "\n") where line.count > 120 {
      Issue.record("a line of \(line.count) columns: \(line)")
    }
  }

  @Test("an unknown key's error lists the keys of the same declarations")
  func unknownKeys() throws {
    let error = #expect(throws: JobError.self) {
      try readJob("{data: {synthetic: {}}, network: [dense], spectrum: {x: 1}, output: o}")
    }
    let text = try #require(error?.description)
    for key in ["vectors", "solver", "precision", "checkpoint", "centred"] {
      #expect(text.contains(key))
      #expect(try #require(JobReference.text(of: "spectrum")).contains("`\(key)`"))
    }
  }
}
