import Failures
import Foundation
import JobDocuments
import Jobs
import MeanField
import Plots
import RecursionCore
import Report
import Results

/// `ntk-dist phase`: mean-field theory of fully connected networks; needs no data and no MPI.
public struct PhaseCommand {
  /// How results are printed.
  public enum Format: String, CaseIterable, Sendable {
    case text, json, csv
  }

  private let moments: GaussianMoments
  private let activation: String

  /// The theory of an activation, given by its name or as `{name: {parameter: value}}` as in a job.
  ///
  /// Errors: an unknown activation, or parameters that do not fit.
  public init(activation: String) throws {
    do {
      let layer = try LayerDescription(yaml: activation, name: "--activation")
      moments = try GaussianMoments(activation: layer)
      self.activation = activation
    } catch let error as JobError {
      throw Refusal(.usage, error.description)
    } catch let error as NetworkError {
      throw Refusal(.usage, "--activation \(error.position): \(error.reason)")
    }
  }

  /// The lines for every pair of a weight variance and a bias variance; the bias variance varies slowest.
  public func lines(
    weightVariances: [Double], biasVariances: [Double], format: Format
  ) throws -> [String] {
    let points = biasVariances.flatMap { bias in
      let critical = CriticalLine.weightVariance(moments, biasVariance: bias)
      return weightVariances.map { weight in
        PhasePoint(
          activation, MeanField(moments, weightVariance: weight, biasVariance: bias),
          criticalWeightVariance: critical)
      }
    }
    return try text(points, format)
  }

  /// Writes the phase diagram up to these variances to a folder, as phase-diagram.svg with its data
  /// and gnuplot script.
  ///
  /// Errors: a folder that cannot be written; gnuplot is missing or draws nothing.
  public func writePicture(
    to folder: String, weightVariance: Double, biasVariance: Double
  ) throws {
    guard
      let plot = PhaseDiagramFigure.plot(
        activation, moments, top: biasVariance, right: weightVariance)
    else {
      throw Refusal(
        .usage, "\(activation) has no critical line up to a weight variance of \(weightVariance)")
    }
    let files = try PlotFiles(in: folder)
    let problem = try files.write(plot).problem
    guard files.gnuplot != nil else {
      throw Refusal(
        .resource,
        "gnuplot is not in PATH, so \(folder) has data and script but no picture; install it "
          + "(Debian: gnuplot-nox)")
    }
    if let problem { throw Refusal(.resource, problem) }
  }

  private func text(_ points: [PhasePoint], _ format: Format) throws -> [String] {
    switch format {
    case .json:
      let text = points.count == 1 ? try JSONText.bytes(points[0]) : try JSONText.bytes(points)
      return [String(decoding: text.dropLast(), as: UTF8.self)]
    case .csv:
      return ([PhasePoint.names] + points.map(\.words)).map { words in
        words.map { $0.contains(",") ? "\"\($0)\"" : $0 }.joined(separator: ",")
      }
    case .text where points.count == 1:
      return zip(PhasePoint.names, points[0].words).map {
        $0.padding(toLength: 26, withPad: " ", startingAt: 0) + ($1.isEmpty ? "-" : $1)
      }
    case .text:
      let shown = [PhasePoint.names] + points.map(\.words)
      let widths = PhasePoint.names.map { max($0.count, 13) }
      return shown.map { words in
        zip(words, widths).dropFirst().map { word, width in
          (word.isEmpty ? "-" : word).padding(toLength: width, withPad: " ", startingAt: 0)
        }.joined(separator: " ")
      }
    }
  }
}

extension PhasePoint {
  fileprivate static let names = ["activation"] + numberNames + ["phase"]

  fileprivate var words: [String] {
    [activation] + numbers.map { $0.map { String(format: "%.9g", $0) } ?? "" } + [phase.rawValue]
  }
}

extension PhasePoint: Encodable {
  /// Writes the names and numbers of one point.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: JSONText.Key.self)
    try container.encode(activation, forKey: JSONText.Key(stringValue: "activation"))
    try container.encode(phase.rawValue, forKey: JSONText.Key(stringValue: "phase"))
    for (name, number) in zip(Self.numberNames, numbers) {
      try container.encode(number, forKey: JSONText.Key(stringValue: name))
    }
  }
}
