import ArgumentParser
import Foundation
import Pipelines

extension PhaseCommand.Format: ExpressibleByArgument {}

struct Phase: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compute mean-field theory of a deep network: fixed points, depth scales, phase.",
    discussion: """
      With --grid, for ranges LOW:HIGH:COUNT of both variances: a table of the phase diagram, and \
      with --picture its figure.
      """)
  @Option(
    help:
      "The activation, such as erf or tanh, or with parameters: '{leaky_relu: {negative_slope: 0.1}}'."
  )
  var activation: String
  @Option(help: "The weight variance.")
  var weightVariance: Range = Range(low: 1, high: 1, count: 1)
  @Option(help: "The bias variance.")
  var biasVariance: Range = Range(low: 0, high: 0, count: 1)
  @Flag(help: "Use ranges of both variances; 0.25:4:16 and 0:0.5:11 if not given.")
  var grid = false
  @Option(help: "The format of the output: text, json or csv.")
  var format = PhaseCommand.Format.text
  @Option(help: ArgumentHelp("The folder for a figure of the grid.", valueName: "folder"))
  var picture: String?

  /// One number, or a range LOW:HIGH:COUNT.
  struct Range: ExpressibleByArgument {
    /// The value as the user would type it, for the help.
    var defaultValueDescription: String {
      count == 1 ? String(format: "%g", low) : "\(low):\(high):\(count)"
    }

    let low: Double
    let high: Double
    let count: Int

    init(low: Double, high: Double, count: Int) {
      (self.low, self.high, self.count) = (low, high, count)
    }

    init?(argument: String) {
      let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
      let numbers = parts.prefix(2).compactMap { Double($0) }.filter { $0.isFinite && $0 >= 0 }
      guard parts.count == 1 || parts.count == 3, numbers.count == min(parts.count, 2) else {
        return nil
      }
      if parts.count == 1 {
        self.init(low: numbers[0], high: numbers[0], count: 1)
      } else {
        guard let count = Int(parts[2]), (2...10_000).contains(count), numbers[0] < numbers[1]
        else { return nil }
        self.init(low: numbers[0], high: numbers[1], count: count)
      }
    }

    var values: [Double] {
      (0..<count).map { low + (high - low) * Double($0) / Double(max(count - 1, 1)) }
    }
  }

  func validate() throws {
    guard weightVariance.low > 0 else {
      throw ValidationError("--weight-variance must be above 0.")
    }
    guard weightVariance.count * biasVariance.count <= 1_000_000 else {
      throw ValidationError("A grid can have 1,000,000 points; lower the counts of the ranges.")
    }
    if picture != nil, !grid { throw ValidationError("--picture needs --grid.") }
  }

  func run() throws {
    let weights =
      grid && weightVariance.count == 1 ? Range(low: 0.25, high: 4, count: 16) : weightVariance
    let biases =
      grid && biasVariance.count == 1 ? Range(low: 0, high: 0.5, count: 11) : biasVariance
    let status = Entry.alone {
      let command = try PhaseCommand(activation: activation)
      let lines = try command.lines(
        weightVariances: weights.values, biasVariances: biases.values, format: format)
      for line in lines { print(line) }
      if let picture, let last = weights.values.last, let top = biases.values.last {
        try command.writePicture(to: picture, weightVariance: last, biasVariance: top)
      }
      return .success
    }
    throw ExitCode(status.rawValue)
  }
}
