import Datasets
import Foundation
import Jobs
import Testing

@Suite struct PathTests {
  private let home = ProcessInfo.processInfo.environment["HOME"] ?? NSHomeDirectory()

  @Test("a tilde at the beginning of a path is the home directory")
  func tilde() throws {
    let job = try readJob(
      "{data: {cifar10: ~/data/a~b}, network: [flatten, dense], output: '~'}")
    #expect(job.data.source == .cifar10(path: home + "/data/a~b"))
    #expect(job.output == home)
    let option = try readJob(
      "{data: {cifar10: c}, network: [flatten, dense], output: ./~}", overrides: ["output=~/runs/x"]
    )
    #expect(option.output == home + "/runs/x")
    #expect(
      try readJob("{data: {cifar10: c}, network: [dense], output: ./~}").output == "./~")
    #expect(try readJob(job.resolvedYAML()) == job)
  }
}
